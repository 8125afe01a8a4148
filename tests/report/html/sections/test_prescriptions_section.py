"""Cards of advice: a prescription, a guess, and an honest nothing."""

import re
from dataclasses import replace

import pytest
from support.made_cures import CONFIRMED, FAILED

from gradstudy.analysis.prescription.neighbours import Support
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.conclusions import NoCure
from gradstudy.report.html.sections.prescriptions_section import prescriptions_section

LEVELS = {"activation": "sigmoid", "lr.value": 0.00191958}
CHANGES = {"activation": ("sigmoid", "relu"), "optimizer.eps": (None, 0.001), "clipping.max_norm": (0.5, None)}
CURE = Prescription(
    trial=7,
    levels=LEVELS,
    verdict="vanishing",
    changes=CHANGES,
    chance=0.93,
    chance_low=0.85,
    chance_high=0.98,
    support=Support(("activation",), 15, 12, 0.52, 0.96, 0.95),
    supported=True,
    command="python -m gradstudy mode=trial 'task.path=/a b' activation=relu",
)
GUESS = replace(CURE, trial=8, verdict="exploding", support=Support((), 0, 0, 0.0, 1.0, 0.95), supported=False)
NOTHING = Prescription(
    trial=9, levels={"a": "<b>"}, verdict="diverged", reason=NoCure.TOO_FEW, nearest=3, differences={"<i>": ("x", "y")}
)


@pytest.fixture
def tried_section(findings, make_study):
    members, info = findings.run.members, {"confirm": {"cures": 3, "seeds": 8}}
    both = (CURE, replace(GUESS, trial=8))
    return lambda *cures: str(
        prescriptions_section(make_study(members, responses=(), info=info, prescriptions=both, cures=cures))
    )


def test_what_was_tried_stands_in_place_of_what_is_predicted(tried_section, tables):
    found = tried_section(CONFIRMED, FAILED)
    assert ">confirmed<" in found
    assert ">not confirmed<" in found
    assert "Confirmed: change activation from sigmoid to relu, lr.value from 0.5 to 0.001: 8 of 8 fresh" in found
    assert "first on a few seeds" in found
    assert "The surrogate" not in found
    assert "trial=1000004" in found
    changes, shares, tried = tables(found)[:3]
    assert changes[1:] == [["activation", "sigmoid", "relu"], ["lr.value", "0.5", "0.001"]]
    assert [row[0] for row in shares[1:]] == ["before: 0 of 8 fresh seeds", "after: 8 of 8 fresh seeds"]
    assert tried[0] == ["tried", "changes", "well", "learned"]
    assert ["a change taken back", "lr.value from 0.5 to 0.001", "1 of 4", ".03"] in tried


def test_a_trial_for_which_nothing_was_tried_keeps_its_prediction(tried_section):
    found = tried_section(CONFIRMED)
    assert ">a guess<" in found
    assert ">confirmed<" in found


@pytest.fixture
def section(findings, make_study):
    return lambda *cures: str(
        prescriptions_section(make_study(findings.run.members, responses=(), prescriptions=tuple(cures)))
    )


def test_a_card_says_of_what_it_is_typical_what_to_change_and_what_speaks_for_it(section, tables):
    found = section(CURE)
    assert "Typical of vanishing: trial 7" in found
    assert tables(found)[0][1:] == [
        ["activation", "sigmoid", "relu"],
        ["optimizer.eps", "none", "0.001"],
        ["clipping.max_norm", "0.5", "none"],
    ]
    assert "Change activation from sigmoid to relu" in found
    assert "12 of 15 trials like it are well (95 % interval 52 to 96 %)." in found
    assert ">a prediction<" in found
    assert "That is a prediction: nobody has run it." in found


def test_both_witnesses_are_drawn_from_no_chance_to_certainty(section):
    points = re.findall(r'class="point" style="left: ([\d.]+)%"', section(CURE))
    intervals = re.findall(r'class="interval" style="left: ([\d.]+)%; right: ([\d.]+)%"', section(CURE))
    assert [float(at) for at in points] == [80.0, 93.0]
    assert [tuple(map(float, ends)) for ends in intervals] == [(52.0, 4.0), (85.0, pytest.approx(2.0))]


def test_the_command_is_there_to_be_copied_letter_by_letter(section):
    assert re.search(r'<pre class="command">(.*?)</pre>', section(CURE))[1] == CURE.command.replace("'", "&#39;")


def test_a_guess_is_called_one_and_has_no_chance(section):
    found = section(GUESS)
    assert ">a guess<" in found
    assert "Nothing is sure enough to be prescribed." in found
    assert not re.findall('class="point" style', found)


def test_where_there_is_no_advice_the_reason_stands_alone(section):
    found = section(NOTHING)
    assert ">no prescription<" in found
    assert "trials are too few" in found
    assert "It differs in &lt;i&gt; (x, there y)" in found
    assert "<pre" not in found
    assert "<table" not in found
    assert "<b>" not in found
    assert "<i>" not in found


def test_without_prescriptions_there_is_no_section(section):
    assert section() == ""
