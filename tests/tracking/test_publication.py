"""What a finished study shows: whole or not known at all, and only of all its trials."""

from pathlib import Path
from unittest.mock import Mock

import pytest
from mlflow import MlflowClient
from support.made_trials import make_info, make_result, make_shown

from gradstudy.errors import TrackingAway
from gradstudy.tracking.publication import RunDisplay, publish
from gradstudy.tracking.reader import find_study
from gradstudy.tracking.runs import NOTE, address, attach
from gradstudy.tracking.store import connect
from gradstudy.tracking.writer import StudyWriter

PAGE = RunDisplay("**the answer**", {"report.html": b"<p>page</p>", "ranking/vanishing.csv": b"factor\n"})


@pytest.fixture
def study(store, name):
    """Launches the study with so many trials, and gives it back as stored."""

    def launch(trials):
        with StudyWriter(store, make_info(name), Path("folder"), make_shown) as writer:
            for number in range(trials):
                writer.write(make_result(number))
        return find_study(name, store)

    return launch


def test_the_page_lies_where_the_study_says_and_the_note_is_its_description(store, study):
    stored = study(1)
    assert stored.report == ""
    publish(store, stored.run_id, PAGE)
    assert Path(stored.report).is_absolute()
    assert Path(stored.report).read_bytes() == b"<p>page</p>"
    client = connect(store)
    assert client.get_run(stored.run_id).data.tags[NOTE] == "**the answer**"
    assert [entry.path for entry in client.list_artifacts(stored.run_id, "ranking")] == ["ranking/vanishing.csv"]


def test_a_later_page_takes_the_place_of_an_earlier_one(store, study):
    stored = study(1)
    for content in (b"first", b"second"):
        publish(store, stored.run_id, RunDisplay("", {"report.html": content}))
    assert Path(stored.report).read_bytes() == b"second"


def test_a_page_that_knows_nothing_of_the_newest_trials_is_no_longer_the_reports(store, study):
    publish(store, study(1).run_id, PAGE)
    assert study(2).report == ""


@pytest.mark.parametrize(("owner", "call"), [(Path, "write_bytes"), (MlflowClient, "set_tag")])
def test_half_of_what_is_shown_counts_as_nothing_and_the_person_is_told_how_to_go_on(
    store, study, monkeypatch, owner, call
):
    stored = study(1)
    with monkeypatch.context() as patch:
        patch.setattr(owner, call, Mock(side_effect=[None, ConnectionError("no route to host")]))
        with pytest.raises(TrackingAway, match=r"no route to host.*All trials are stored.*same command"):
            publish(store, stored.run_id, PAGE)
    assert stored.report == ""
    publish(store, stored.run_id, PAGE)
    assert stored.report


def test_files_go_to_a_store_elsewhere_in_one_call(tmp_path):
    (tmp_path / "trial_00001.parquet").write_bytes(b"record")
    sent = {}

    def take(run_id, folder):
        found = (path for path in Path(folder).rglob("*") if path.is_file())
        sent[run_id] = {str(path.relative_to(folder)): path.read_bytes() for path in found}

    client, run = Mock(log_artifacts=take), Mock(info=Mock(artifact_uri="s3://bucket/1/artifacts", run_id="7"))
    attach(client, run, {"trial_00001.parquet": tmp_path / "trial_00001.parquet", "figures/flow.svg": b"<svg/>"})
    assert sent == {"7": {"trial_00001.parquet": b"record", "figures/flow.svg": b"<svg/>"}}


def test_a_file_on_a_server_is_opened_on_its_page_and_one_in_a_bucket_is_named(store, study):
    run = connect(store).get_run(study(1).run_id)
    ids = (run.info.experiment_id, run.info.run_id)
    where = address(run, "report.html", "https://mary:secret@host:5000/")
    assert where == "https://host:5000/#/experiments/{}/runs/{}/artifacts/report.html".format(*ids)
    elsewhere = Mock(info=Mock(artifact_uri="s3://bucket/1/artifacts"))
    assert address(elsewhere, "report.html", "postgresql://host/db") == "s3://bucket/1/artifacts/report.html"


def test_an_unfinished_study_says_so_with_its_question_as_plain_text(store, name):
    question = "Is <b>init</b> | *gain* decisive?"
    StudyWriter(store, make_info(name, question=question), Path("folder"), make_shown).write(make_result(0))
    client = connect(store)
    note = client.get_run(find_study(name, store).run_id).data.tags[NOTE]
    assert "not come to its end" in note
    assert "**Is &#60;b&#62;init" in note
    assert client.get_experiment_by_name(name).tags[NOTE].startswith("Is &#60;b&#62;init")
