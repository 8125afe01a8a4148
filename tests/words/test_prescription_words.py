"""A prescription in sentences: the change first, then what speaks for it; or only why there is none."""

from gradstudy.analysis.prescription.neighbours import Support
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.conclusions import NoCure
from gradstudy.words.prescription_words import said_of, title_words

LEVELS = {"activation": "sigmoid", "lr.value": 0.00191958}


def test_a_prescription_says_the_change_and_then_its_evidence():
    cure = Prescription(
        trial=7,
        levels=LEVELS,
        verdict="vanishing",
        changes={"activation": ("sigmoid", "relu")},
        chance=0.93,
        chance_low=0.85,
        chance_high=0.98,
        support=Support(("activation",), 15, 14, 0.6805, 0.9983, 0.95),
        supported=True,
    )
    assert title_words(cure) == "Typical of vanishing: trial 7, activation=sigmoid, lr.value=0.00192"
    assert said_of(cure) == [
        "Change activation from sigmoid to relu.",
        "14 of 15 trials like it are healthy (95 % interval 68 to 100 %). "
        "The surrogate gives it a chance of 93 % (85 to 98) to be healthy on every seed.",
    ]


def test_without_advice_only_the_reason_is_said():
    nothing = Prescription(
        trial=7, levels=LEVELS, verdict="vanishing", failing=1, seeds=2, screened=6, reason=NoCure.TOO_FEW
    )
    assert said_of(nothing) == [
        "Trial 7 is vanishing: 1 of 2 seeds fail. Nothing can be prescribed: "
        "6 trials are too few, at least 8 are needed; raise budget.trials."
    ]
