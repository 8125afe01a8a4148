import numpy as np
import pytest

from gradstudy.report.diagnosis.symptoms import kind_of, symptoms_of


def dead(**sites):
    """Shares of dead units at step 0 by site, with a dot for every double underscore."""
    return {"dead_units": {site.replace("__", "."): [share] for site, share in sites.items()}}


def test_a_place_is_a_time_step_where_its_name_says_so(make_record):
    assert kind_of([make_record([[1.0, 1.0]], kind="time", seen={"skip_share": {"recurrent": [0.5]}})]) == "time step"


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (dead(layer_01=0.0, layer_02=0.0), "layer"),
        (dead(layer_01__first=0.0, layer_01__second=0.0), "block"),
        ({**dead(layer_01=0.0), "skip_share": {"layer_02": [0.5]}}, "block"),
    ],
)
def test_a_block_is_joined_with_a_skip_or_holds_nonlinearities_of_its_own(make_record, seen, kind):
    assert kind_of([make_record([[1.0, 1.0]], seen=seen)]) == kind


def test_the_exact_signal_is_that_of_float64_and_the_recorded_one_that_of_training(make_record, make_measured):
    symptoms = symptoms_of(make_measured(make_record([[0.0, 1.0]], exact=[[1e-60, 1.0]])))
    assert symptoms.signal.tolist() == [[1e-60, 1.0]]
    assert symptoms.recorded.tolist() == [[0.0, 1.0]]
    assert symptoms.gain == pytest.approx(-60)


def test_the_worst_gain_is_that_of_the_worst_finite_step(make_record, make_measured):
    record = make_record([[1.0, 1.0], [1e4, 1.0], [1e2, 1.0], [np.inf, 1.0]])
    assert symptoms_of(make_measured(record)).worst_gain == pytest.approx([4.0])


@pytest.mark.parametrize(("shares", "step"), [([[0.1], [0.9]], 9), ([[0.9], [0.1]], 0)])
def test_idle_units_are_those_of_the_first_or_the_last_look_whichever_has_more(
    make_record, make_measured, shares, step
):
    signal = np.ones((10, 2))
    record = make_record(signal, looks=(0, 9), seen={"dead_units": {"layer_01": [one[0] for one in shares]}})
    idle = symptoms_of(make_measured(record)).dead
    assert idle.step == step
    assert idle.share == pytest.approx([0.9])


def test_what_was_not_looked_at_is_unknown(make_record, make_measured):
    symptoms = symptoms_of(make_measured(make_record([[1.0, 1.0]])))
    assert symptoms.dead is None
    assert symptoms.saturated is None
    assert symptoms.theory is None
    assert symptoms.no_theory == "gated cells"


def test_the_growth_of_the_norm_is_not_cut_off_at_the_cap(make_record, make_measured):
    record = make_record(np.ones((20, 2)), norm=[1.0] * 19 + [1e14])
    measured = make_measured(record)
    assert symptoms_of(measured).growth == pytest.approx([14.0])
    assert measured.members["exploding"].tolist() == [10.0]
