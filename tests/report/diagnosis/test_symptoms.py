import numpy as np
import pytest

from gradstudy.report.diagnosis.symptoms import kind_of, known_median, look, places_of, steps_of, symptoms_of, typical


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
    record = make_record(np.ones((20, 2)), norms=[1.0] * 19 + [1e14])
    measured = make_measured(record)
    assert symptoms_of(measured).growth == pytest.approx([14.0])
    assert measured.members["exploding"].tolist() == [10.0]


@pytest.fixture
def records(make_record):
    """Two members, of which the second one ended after step 1."""
    return [make_record([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), make_record([[7.0, 8.0], [9.0, 10.0]], seed=1)]


def test_steps_are_those_that_any_member_reached(records):
    assert steps_of(records, "signal") == [0, 1, 2]
    assert steps_of(records, "jacobian") == []


def test_a_look_has_a_row_per_member_that_reached_the_step(records):
    assert look(records, "signal", 1).tolist() == [[3.0, 4.0], [9.0, 10.0]]
    assert look(records, "signal", 2).tolist() == [[5.0, 6.0]]
    assert look(records, "signal", 3).shape == (0, 2)
    assert look(records, "jacobian", 0).shape == (0, 0)


def test_places_keep_the_order_in_which_they_were_recorded(make_record):
    record = make_record([[1.0]], seen={"dead_units": {"b": [0.0], "a": [0.0]}})
    assert places_of([record], "dead_units") == ("b", "a")


def test_the_median_leaves_out_nan_and_keeps_infinity():
    table = [[1.0, np.nan, np.inf, 1.5e308], [5.0, np.nan, np.inf, 1.5e308], [2.0, np.nan, np.nan, np.nan]]
    assert known_median(np.array(table)) == pytest.approx([2.0, np.nan, np.inf, 1.5e308], nan_ok=True)


def test_the_median_between_both_infinities_is_unknown():
    assert np.isnan(known_median(np.array([[-np.inf], [np.inf]]))).all()


def test_the_typical_member_has_the_median_ratio_to_its_own_last_place():
    """Ratios 1e-6, 1e-2 and 1e-1 to last places 1, 1e-3 and 1e-1, whose median is 1e-1."""
    assert typical(np.array([[1e-6, 1.0], [1e-5, 1e-3], [1e-2, 1e-1]])) == pytest.approx([-3.0, -1.0])


def test_the_typical_member_of_nothing_but_zeros_is_zero():
    assert typical(np.zeros((2, 3))).tolist() == [-np.inf] * 3
