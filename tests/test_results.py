"""What a notebook gets: trials, theory beside measurement, gradients by filters."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from support.made_study import made_study
from support.made_trials import FACTORS, make_result

from gradstudy.analysis.settings import Analysis
from gradstudy.errors import InputError
from gradstudy.measurement import Measurement
from gradstudy.random_network import NoTheory
from gradstudy.response import RESPONSES
from gradstudy.results import Run, trial_table

NAMES = [factor.name for factor in FACTORS]
USUAL = Analysis()


def test_a_trial_has_the_median_of_its_responses_and_the_one_prediction():
    run = Run(made_study(), USUAL)
    trials = run.trials.set_index("trial")
    assert trials["gain_init_theory"].fillna(9.0).tolist() == [9.0, -1.5, 0.25]
    of_second = run.members[run.members["trial"] == 1]
    for response in RESPONSES:
        assert trials.loc[1, response] == np.median(of_second[response])
    assert trials["n_diverged"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["healthy", "healthy"], "healthy"),
        (["healthy", "healthy", "vanishing"], "vanishing"),
        (["diverged", "exploding"], "diverged"),
        (["diverged", "exploding", "exploding"], "exploding"),
    ],
)
def test_a_trial_is_healthy_if_every_seed_is_and_else_what_most_of_the_others_are(verdicts, expected):
    members = Run(made_study(), USUAL).members.query("trial == 0").head(len(verdicts)).assign(verdict=verdicts)
    assert list(trial_table(members, NAMES)["verdict"]) == [expected]


def test_trials_of_an_older_study_have_no_prediction():
    older = made_study().members.drop(columns="gain_init_theory")
    assert "gain_init_theory" not in trial_table(older, NAMES)
    assert len(trial_table(older, NAMES)) == 3


def test_other_settings_measure_again_and_keep_what_theory_said():
    again = Run(made_study(), Analysis(cap=5.0, vanishing=1.0, exploding=1.0)).members
    fresh = made_study(Analysis(cap=5.0, vanishing=1.0, exploding=1.0)).members
    pd.testing.assert_frame_equal(again[fresh.columns], fresh, check_exact=True)


def test_theory_is_compared_with_what_was_measured():
    run = Run(made_study(), USUAL)
    found = run.theory()
    assert (found.predicted, found.silent) == (2, 1)
    measured = run.members.groupby("trial")["gain_init"].mean()
    assert found.table.set_index("trial")["measured"].to_dict() == measured[[1, 2]].to_dict()
    with pytest.raises(InputError, match="got none in 3 trials"):
        Run(made_study(theory=(None, None, None)), USUAL).theory()


def test_a_measurement_takes_the_filters_of_a_run_and_refuses_them_in_the_same_words():
    measured = Measurement(make_result(0).records, USUAL, choices={}, ask_theory=None, look=None)
    assert len(measured.gradients(quantity="loss", seed=0, step=[3, 4])) == 2
    assert len(measured.gradients()) == sum(s.values.size for r in measured.records for s in r.series.values())
    with pytest.raises(InputError, match=r"quantity must be one of signal, .* got 'los'\. Did you mean 'loss'"):
        measured.gradients(quantity="los")
    with pytest.raises(InputError, match="trial must be one of 0, got 7"):
        measured.gradients(trial=7)


def test_whoever_never_diverged_lasted_to_the_end_of_training():
    ranking = Run(made_study(), USUAL).rank("time_to_divergence")
    # two seeds of three last for all 20 steps, the third diverges at step 7
    assert ranking.levels.query("factor == 'activation'")["mean"].tolist() == pytest.approx([(20 + 20 + 7) / 3] * 2)
    assert ranking.note.startswith("No ranking: 3 trials, at least 8 are needed")


def test_runs_of_another_space_are_refused_in_a_sentence():
    other = made_study()
    other.members["clipping.max_norm"] *= 1000.0
    with pytest.raises(InputError, match=r"clipping.max_norm must be a number from 0.1 to 10, .* another space"):
        Run(other, USUAL).rank("vanishing")
    renamed = made_study()
    renamed.members["activation"] = "swish"
    with pytest.raises(InputError, match=r"activation must be one of \['tanh', 'relu'\], but a trial has 'swish'"):
        Run(renamed, USUAL).rank("vanishing")


def test_a_launch_may_end_with_a_ranking_of_the_time_to_divergence():
    assert Analysis(responses=["time_to_divergence"]).responses == ("time_to_divergence",)
    with pytest.raises(ValueError, match="Did you mean 'time_to_divergence'"):
        Analysis(responses=["time_to_diverge"])


def test_a_trial_is_drawn_from_its_own_record_under_the_verdicts_of_these_settings():
    lenient = Run(made_study(), Analysis(cap=300.0, vanishing=300.0, exploding=300.0))
    axes = lenient.plot_signal(2, Figure().subplots())
    assert axes.get_title() == "trial 2, seeds: 2 healthy, 1 diverged"
    assert axes.get_images()[0].get_array().shape == (30, 20)
    (end,) = (line for line in axes.get_lines() if line.get_label() == "a seed diverged")
    assert list(end.get_xdata()) == [7, 7]


def test_levels_are_drawn_of_the_screen_alone_and_verdicts_of_all():
    hunted = made_study()
    hunted.info = replace(hunted.info, phases=("screen", "hunt"))
    hunted.members.loc[hunted.members["trial"] == 2, "phase"] = "hunt"
    run = Run(hunted, USUAL)
    drawn = run.plot_levels("activation", "gain", Figure().subplots())
    assert sum(len(group.get_offsets()) for group in drawn.collections) == 2
    drawn = run.plot_verdicts(axes=Figure().subplots())
    assert [label.get_text() for label in drawn.get_yticklabels()] == ["all members\n(n=9)"]


def test_a_study_and_a_measurement_show_themselves_in_a_notebook():
    run = Run(made_study(), USUAL)
    assert "Does it?" in run._repr_html_()
    assert run.ui_command in run._repr_html_()
    measured = Measurement(make_result(0).records, USUAL, {"model": "rnn"}, ask_theory=silent, look=None)
    assert "model=rnn" in measured._repr_html_()
    assert "Theory: gates." in measured._repr_html_()


def test_a_measurement_is_drawn_from_place_to_place_and_from_step_to_step():
    measured = Measurement(make_result(0).records, USUAL, {}, ask_theory=silent, look=None)
    lines = measured.plot(Figure().subplots()).get_lines()
    assert [line.get_label() for line in lines] == ["step 0", "step 19"]
    assert measured.plot_signal(Figure().subplots()).get_images()[0].get_array().shape == (30, 20)


def silent():
    raise NoTheory("gates")
