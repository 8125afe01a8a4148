"""The last two notebooks: they run, and what they conclude is true."""

import pytest

THEORY = {
    "Theory predicts which side of criticality a tanh network is on.": (
        'small.prediction.gain_init < -2 and small.members["gain_init"].max() < -2'
        ' and large.prediction.gain_init > 0 and large.members["gain_init"].min() > 0'
    ),
    "Measured and predicted gains agree to within a quarter of a decade at width 128.": (
        'all(abs(one.members["gain_init"].median() - one.prediction.gain_init) < 0.25'
        " for one in (small, critical, large))"
    ),
    "Over a whole study of perceptrons theory explains nearly all of the variance of the measured gain.": (
        "run.theory().r2 > 0.98 and run.theory().silent == 0"
    ),
    "A narrow network loses what theory does not see.": (
        'narrow.members["gain_init"].median() < -1 and abs(wide.members["gain_init"].median()) < 0.2'
        " and abs(narrow.prediction.gain_init) < 1e-6 and abs(wide.prediction.gain_init) < 1e-6"
    ),
    "Seeds of a narrow network scatter more.": (
        'narrow.members["gain_init"].std() > 3 * wide.members["gain_init"].std()'
    ),
    "Theory is silent about gates.": 'lstm.prediction is None and "gates" in lstm.no_theory',
}
CURE = {
    "Every seed of the patient vanishes.": (
        'patient.members["verdict"].eq("vanishing").all() and patient.members["gain_init"].max() < -6'
    ),
    "The activation is the largest cause of vanishing in this study, with evidence.": (
        'run.rank("vanishing").table.iloc[0][["factor", "evidence"]].tolist() == ["activation", True]'
    ),
    "The prescription is supported, and changes the activation.": 'cure.supported and "activation" in cure.changes',
    "Every seed of the cured network is healthy.": 'cured.members["verdict"].eq("healthy").all()',
    "The cured network learns more than the patient in the same sixty steps.": (
        'cured.members["learned"].min() > patient.members["learned"].max()'
    ),
}


@pytest.fixture(scope="module")
def true_claims(execute, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    return execute("03_theory_and_measurement", folder, THEORY) | execute("04_find_the_cure", folder, CURE)


@pytest.mark.slow
@pytest.mark.parametrize("claim", [*THEORY, *CURE])
def test_what_is_concluded_is_true(true_claims, claim):
    assert true_claims[claim]
