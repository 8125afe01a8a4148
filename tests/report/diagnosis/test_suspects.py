"""Rules whose numbers are known by algebra, of made measurements."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gradstudy.factors.optimizer import Adam, Sgd
from gradstudy.factors.regularization import Dropout, Lasso, MaxNorm, Penalty
from gradstudy.report.diagnosis.suspects.ranked import ranked_suspects
from gradstudy.report.diagnosis.suspects.suspect import case_of
from gradstudy.tasks.adding import Adding
from gradstudy.training.close_look import DataScale, StartingWeight

DIVERGED = {"first_bad_step": 2, "first_bad_tensor": "loss"}


@pytest.fixture
def found(make_record, make_measured, make_look):
    """The suspects by name, of one member with this signal and these fields; `looked` is what a close look finds."""

    def made(signal=((1.0, 1.0),) * 3, *, looked=None, choices=None, **fields):
        measured = make_measured(make_record(signal, **fields), look=make_look(**looked or {}), **choices or {})
        return {one.name: one for one in ranked_suspects(case_of(measured))}

    return made


def test_where_nothing_is_wrong_nothing_is_suspected(found):
    assert found(looked={"sharpness": np.array([1e9])}) == {}


@pytest.mark.parametrize(
    ("optimizer", "bound"), [(Sgd(), 2.0), (Sgd(momentum=0.9), 3.8), (Sgd(momentum=0.9, nesterov=True), 3.8 / 2.8)]
)
def test_the_rate_is_set_against_the_curvature_that_its_optimizer_bears(found, optimizer, bound):
    """The shipped rate is 0.01. On a quadratic loss, (parameter, momentum) is multiplied by a matrix in every step."""
    m, ahead = optimizer.momentum, optimizer.momentum if optimizer.nesterov else 0.0
    for factor, is_beyond in ((0.99, False), (1.01, True)):
        looked = {"sharpness": np.array([100 * bound * factor]), "parts": {"optimizer": optimizer}}
        assert ("learning rate" in found(looked=looked, **DIVERGED)) is is_beyond
        curved = bound * factor
        step = np.array([[1 - curved * (1 + ahead), -m * (m if ahead else 1)], [curved, m]])
        assert (np.abs(np.linalg.eigvals(step)).max() > 1) == is_beyond


def test_what_starts_within_the_bound_and_ends_beyond_it_ran_into_sharper_ground(found):
    looked = {"sharpness": np.array([10.0]), "last_sharpness": np.array([1e4])}
    suspect = found(looked=looked, **DIVERGED)["learning rate"]
    assert "is 0.1 at step 0 and 100 at the last finite step" in suspect.said
    assert suspect.space["clipping"] == "choice(none,norm)"


def test_a_step_that_moves_everything_by_its_own_size_is_too_far(found):
    """Two tensors moved by all of their size each: (1 + 1)^2 - 1 = 3; a bias of 0 is left out."""
    ratios = {"layer_01.weight": [1.0], "layer_01.bias": [np.inf], "layer_02.weight": [1.0]}
    looked = {"parts": {"optimizer": Adam()}}
    suspect = found(looked=looked, seen={"update_ratio": ratios}, **DIVERGED)["learning rate"]
    assert "100 % of its size, and what all layers do by up to 3 times" in suspect.said
    assert "A rate of about 0.005 " in suspect.said


@pytest.mark.parametrize(("size", "named"), [(2.9, False), (100.0, True), (0.01, True), (0.1, False)])
def test_inputs_far_from_size_one_are_named(found, size, named):
    looked = {"data": DataScale(size, size, np.array([size]), 0.0, None)}
    assert ("size of the inputs" in found(looked=looked, **DIVERGED)) is named


def test_features_and_targets_of_other_sizes_are_named(found):
    looked = {"data": DataScale(1.0, 1.0, np.array([1e-3, 1.0, 1.0]), 0.0, 125.0)}
    suspects = found(looked=looked, **DIVERGED)
    assert "from 0.001 to 1" in suspects["size of the features"].said
    assert "125" in suspects["size of the targets"].said


@pytest.mark.parametrize(("length", "gain"), [(10.0, "0.1"), (0.1, "10"), (3.003, "0.33")])
def test_weights_that_are_too_long_or_too_short_get_the_gain_that_mends_them(found, length, gain):
    weight = StartingWeight("layer_01.weight", length, 32, are_copies=False)
    assert f"init.gain={gain} " in found(looked={"weights": (weight,)}, **DIVERGED)["init"].said


def test_a_single_step_off_a_cliff_asks_for_clipping(found):
    """Norms of 2 for 40 steps, one of 2000: 1000 times what is usual."""
    norms = [2.0] * 40 + [2000.0, 2.0]
    suspect = found([[1.0, 1.0]] * 42, norms=norms)["clipping"]
    assert "at step 40 is 1000 times the usual 2: clipping.max_norm=6 " in suspect.said
    assert suspect.space["clipping.max_norm"] == "choice(6.0)"
    assert "clipping" not in found([[1.0, 1.0]] * 42, norms=norms, coefficients=[1.0] * 41 + [0.5])


def test_a_transformer_that_normalises_behind_the_sum_is_told_so(found):
    deep = np.array([[10.0 ** (0.5 * place - 5) for place in range(11)]] * 3)
    looked = {"parts": {"model": SimpleNamespace(order="post")}}
    suspects = found(deep, looked=looked, choices={"model": "transformer"})
    assert "loses 5 decades" in suspects["order of norm and sum"].said
    looked = {"parts": {"model": SimpleNamespace(order="pre")}}
    assert "order of norm and sum" not in found(deep, looked=looked, choices={"model": "transformer"})


def test_a_sequence_tells_after_how_many_steps_a_tenth_is_left(found):
    """A quarter of a decade per time step over 41 of them."""
    signal = [[10.0 ** (0.25 * place - 10) for place in range(41)]] * 2
    suspect = found(signal, kind="time", choices={"model": "rnn"})["length of the sequence"]
    assert "41 time steps" in suspect.said
    assert "after 4 it is a tenth" in suspect.said
    assert suspect.space["model"] == "choice(rnn,gru)"


def test_beside_a_proof_what_only_may_have_a_part_is_left_out(found):
    copies = StartingWeight("layer_01.weight", 2.0, 32, are_copies=True)
    seen = {"saturated_units": {"layer_01": [1.0]}}
    assert list(found(looked={"weights": (copies,)}, seen=seen, choices={"init": "constant"}, **DIVERGED)) == ["init"]


def test_a_rate_too_low_says_how_many_steps_the_steepest_direction_takes(found):
    """Rate 0.01 and curvature 0.1: a distance falls by a factor e in 1000 steps, and there are 200."""
    stuck = {"signal": [[1.0, 1.0]] * 200, "loss": [1.0] * 200, "baseline": 1.0}
    suspect = found(looked={"sharpness": np.array([0.1])}, **stuck)["learning rate"]
    assert "takes 1000 steps to descend, flatter ones more, and there are 200" in suspect.said
    last = found(looked={"sharpness": np.array([50.0])}, **stuck)
    assert "may be all that is missing" in last["learning rate"].said
    large = {"sharpness": np.array([50.0]), "data": DataScale(100.0, 100.0, np.array([100.0]), 0.0, None)}
    assert list(found(looked=large, **stuck)) == ["size of the inputs"]


def test_a_layer_that_says_only_yes_or_no_is_something_wrong(found):
    for share, named in ((0.95, True), (0.85, False)):
        seen = {"saturated_units": {"layer_01": [share], "layer_02": [0.1]}}
        assert ("activation" in found(seen=seen)) is named


STUCK = {"signal": [[1.0, 1.0]] * 200, "loss": [1.0] * 200, "baseline": 1.0}


def test_of_inputs_that_are_all_zero_there_is_nothing_to_learn(found):
    nothing = {"data": DataScale(0.0, 0.0, np.empty(0), 0.0, None)}
    assert "every input is 0" in found(looked=nothing, **STUCK)["size of the inputs"].said


def test_a_norm_of_features_is_no_excuse_for_a_rate_that_diverges(found):
    """0.01 times a curvature of 1000 is five times what gradient descent bears, and it is over within three steps."""
    looked = {"sharpness": np.array([1000.0]), "parts": {"normalization": SimpleNamespace(standardizes=True)}}
    seen = {"dead_units": {"layer_01": [1.0]}}
    assert list(found(looked=looked, seen=seen, **DIVERGED)) == ["learning rate"]


def test_a_study_of_rates_goes_down_by_four_decades_at_most(found):
    assert found(looked={"sharpness": np.array([1e16])}, **DIVERGED)["learning rate"].space == {
        "lr.value": "tag(log,interval(1e-06,0.01))"
    }


def test_a_study_of_a_rate_that_is_too_low_reaches_the_one_that_is_enough(found):
    """At 0.01 a curvature of 1e-6 takes 1e8 steps; 200 of them descend at a rate of some 5000."""
    high = found(looked={"sharpness": np.array([1e-6])}, **STUCK)["learning rate"].space["lr.value"]
    assert float(high.rpartition(",")[2].rstrip(")")) > 5000


def test_a_part_of_a_step_is_no_number_of_steps(found):
    """Rate 0.01 and curvature 150: two thirds of a step."""
    said = found(looked={"sharpness": np.array([150.0])}, **STUCK)["learning rate"].said
    assert "takes less than a step to descend, flatter ones more" in said


def test_where_clipping_takes_the_steps_away_it_is_named_and_not_the_rate(found):
    """Rate 0.01 and curvature 10 take 10 steps, and a million where clipping leaves a hundred thousandth of each."""
    suspects = found(looked={"sharpness": np.array([10.0])}, coefficients=[1e-5] * 200, **STUCK)
    assert list(suspects) == ["clipping"]
    assert "leaves 1e-05 of each step" in suspects["clipping"].said


@pytest.mark.parametrize(("decay", "momentum", "named"), [(1.0, 0.0, False), (1.3, 0.0, True), (0.13, 0.9, True)])
def test_decay_that_alone_would_shrink_all_weights_is_named(found, decay, momentum, named):
    """(1 - 0.01 decay)^200 is a tenth where decay is 1.15; momentum 0.9 makes ten steps of one."""
    parts = {"regularization": Penalty(weight_decay=decay), "optimizer": Sgd(momentum=momentum)}
    assert ("weight decay" in found(looked={"parts": parts}, **STUCK)) is named


@pytest.mark.parametrize(("strength", "named"), [(0.4, False), (0.6, True)])
def test_a_penalty_that_pulls_every_weight_by_many_times_its_size_is_named(found, strength, named):
    """Rate 0.01 and 200 steps pull by twice the penalty; weights are 0.1, and ten times that is 1."""
    weight = StartingWeight("layer_01.weight", 1.0, 100, are_copies=False)
    looked = {"parts": {"regularization": Lasso(l1=strength)}, "weights": (weight,)}
    assert ("l1" in found(looked=looked, **STUCK)) is named


@pytest.mark.parametrize(("longest", "named"), [(0.3, False), (0.01, True)])
def test_weights_that_are_held_short_are_named(found, longest, named):
    suspects = found(looked={"parts": {"regularization": MaxNorm(max_norm=longest)}}, **STUCK)
    assert ("max_norm" in suspects) is named


def test_a_gain_of_zero_is_named_and_not_the_init_that_it_multiplies(found, usual_parts):
    copies = StartingWeight("layer_01.weight", 0.0, 32, are_copies=True)
    looked = {"weights": (copies,), "parts": {"init": replace(usual_parts["init"], gain=0.0)}}
    suspect = found(looked=looked, **DIVERGED)["init"]
    assert suspect.said.startswith("init.gain=0 ")
    assert suspect.space == {"init.gain": "choice(0.0,1.0)"}


@pytest.mark.parametrize(("dropped", "named"), [(0.5, False), (0.95, True)])
def test_dropout_that_leaves_next_to_nothing_is_named(found, dropped, named):
    suspects = found(looked={"parts": {"regularization": Dropout(dropout=dropped)}}, **STUCK)
    assert ("dropout" in suspects) is named
    assert not named or "leaves 5 % of the units of a layer, 20 times as strong" in suspects["dropout"].said


def test_units_that_died_in_training_ask_for_smaller_steps_as_well(found):
    for step, varied in ((0, ["activation"]), (199, ["lr.value", "activation"])):
        seen = {"dead_units": {"layer_01": [1.0]}}
        assert list(found(looks=(step,), seen=seen, **STUCK)["activation"].space) == varied


def test_what_grows_over_a_sequence_is_held_and_not_carried_further(found):
    """A tenth of a decade per time step over 31 of them; three times that is a factor of 2 for the gain."""
    signal = [[10.0 ** (3 - 0.1 * place) for place in range(31)]] * 2
    suspect = found(signal, kind="time", choices={"model": "rnn"})["length of the sequence"]
    assert "What holds it: " in suspect.said
    assert suspect.space["init.gain"] == "tag(log,interval(0.5,1.0))"
    assert suspect.space["clipping"] == "choice(none,norm)"


def test_shorter_sequences_are_as_long_as_their_task_allows(found):
    """Adding needs eight time steps: of 50 a quarter is 12, and a tenth would be 5."""
    signal = [[10.0 ** (0.25 * place - 10) for place in range(41)]] * 2
    suspects = found(signal, kind="time", looked={"parts": {"task": Adding()}}, choices={"model": "rnn"})
    assert suspects["length of the sequence"].space["task.length"] == "choice(50,12,8)"


def test_norms_behind_sums_that_lose_nothing_are_no_suspect_beside_another(found):
    looked = {"parts": {"model": SimpleNamespace(order="post")}, "sharpness": np.array([0.1])}
    stuck = {**STUCK, "signal": np.ones((200, 11))}
    assert list(found(looked=looked, choices={"model": "transformer"}, **stuck)) == ["learning rate"]


def test_an_init_gain_on_the_side_of_the_fault_is_varied(found, usual_parts):
    init = replace(usual_parts["init"], gain=2.0)
    signal = np.array([[10.0 ** (0.4 * place) for place in range(10, -1, -1)]] * 2)
    suspect = found(signal, looked={"parts": {"init": init}})["activation and init"]
    assert "under init.gain=2" in suspect.said
    assert suspect.space["init.gain"] == "tag(log,interval(1.0,2.0))"
