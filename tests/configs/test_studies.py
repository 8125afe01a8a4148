"""Studies: found where a person keeps them, their own before the shipped, the broken ones named."""

from gradstudy.configs.studies import find_studies

GOOD = "question: Mine?\nspace: {activation: 'choice(tanh, relu)'}\n"


def write(folder, name, text=GOOD):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text)


def test_shipped_studies_are_found_everywhere(workplace):
    assert find_studies()["rnn_clip"].origin == "shipped"


def test_a_persons_own_study_replaces_a_shipped_one(workplace):
    write(workplace / "studies", "rnn_clip")
    write(workplace / "elsewhere" / "study", "other")
    found = find_studies(["elsewhere"])
    assert (found["rnn_clip"].origin, found["rnn_clip"].question) == ("studies/", "Mine?")
    assert found["other"].origin == "elsewhere/study/"


def test_a_broken_study_hides_no_other(workplace):
    write(workplace / "studies", "broken", "question: [unclosed\n")
    write(workplace / "studies", "good")
    found = find_studies()
    assert "broken.yaml" in found["broken"].error
    assert found["good"].error is None
