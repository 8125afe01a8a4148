"""A prescription in sentences: the change first, then what speaks for it; or only why there is none."""

from gradstudy.analysis.prescription.neighbours import Support
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.report.prescription_words import said_of, title_words

LEVELS = {"activation": "sigmoid", "lr.value": 0.00191958}


def test_a_prescription_says_the_change_and_then_its_evidence():
    support = Support(("activation",), 15, 14, 0.6805, 0.9983, 0.95)
    cure = Prescription(
        7, LEVELS, "vanishing", "", {"activation": ("sigmoid", "relu")}, {}, 0.93, 0.85, 0.98, support, supported=True
    )
    assert title_words(cure) == "Typical of vanishing: trial 7, activation=sigmoid, lr.value=0.00192"
    assert said_of(cure) == [
        "Change activation from sigmoid to relu.",
        "14 of 15 trials like it are healthy (95 % interval 68 to 100 %). "
        "The surrogate gives it a chance of 93 % (85 to 98) to be healthy on every seed.",
    ]


def test_without_advice_only_the_reason_is_said():
    assert said_of(Prescription(7, LEVELS, "vanishing", "Too few trials.")) == ["Too few trials."]
