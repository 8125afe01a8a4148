import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradstudy.analysis.ranking.survival import lasted, log_rank_scores, survival_columns
from gradstudy.analysis.ranking.trial_outcomes import trial_outcomes
from gradstudy.analysis.space.coordinates import CodedTrials
from gradstudy.analysis.space.levels import level_table
from gradstudy.records import Factor

STEPS = 50
CLIP = Factor("clip", ("none", "norm"))


@pytest.fixture(params=range(4))
def sample(request):
    """Members of two groups: times with many ties, some that never diverged."""
    random = np.random.default_rng(request.param)
    group = random.integers(0, 2, 60)
    ends = np.floor(random.exponential(20 + 30 * group, 60))
    return group, np.where(ends < STEPS, ends, np.inf)


def test_scores_are_what_the_hazard_expects_less_what_happened():
    # At step 1 one of 4 diverges, at step 2 two of the 3 that are left; the last one never does.
    scores = log_rank_scores(np.array([2.0, 1.0, 9.0, 2.0]), np.array([True, True, False, True]))
    assert scores == pytest.approx([1 / 4 + 2 / 3 - 1, 1 / 4 - 1, 1 / 4 + 2 / 3, 1 / 4 + 2 / 3 - 1])


def test_the_sum_of_a_groups_scores_is_the_log_rank_test(sample):
    group, ends = sample
    times, diverged = lasted(ends, STEPS), np.isfinite(ends)
    variance = 0.0  # hypergeometric, summed over the steps at which somebody diverged (Mantel 1966)
    for step in np.unique(times[diverged]):
        at_risk, deaths = times >= step, (times == step) & diverged
        n, d, n1 = at_risk.sum(), deaths.sum(), (at_risk & (group == 1)).sum()
        variance += d * (n1 / n) * (1 - n1 / n) * (n - d) / max(n - 1, 1)
    observed_less = -log_rank_scores(times, diverged)[group == 1].sum()
    first, second = (stats.CensoredData.right_censored(times[group == one], ~diverged[group == one]) for one in (1, 0))
    assert observed_less / np.sqrt(variance) == pytest.approx(stats.logrank(first, second).statistic)


def test_scores_sum_to_zero_rise_with_time_and_depend_on_its_order_alone(sample):
    _, ends = sample
    diverged = np.isfinite(ends)
    scores = log_rank_scores(lasted(ends, STEPS), diverged)
    assert scores.sum() == pytest.approx(0.0, abs=1e-12)
    assert (np.diff(scores[diverged][np.argsort(ends[diverged])]) >= 0).all()
    assert (scores[~diverged] > scores[diverged].max()).all()
    squeezed = log_rank_scores(np.log1p(lasted(ends, 10 * STEPS)), diverged)
    assert squeezed == pytest.approx(scores)


def test_a_level_has_its_diverged_share_kaplan_and_meiers_median_and_the_area_under_their_curve(sample):
    group, ends = sample
    screen = CodedTrials((CLIP,), group[:, None].astype(float), lasted(ends, STEPS))
    levels = level_table(screen, np.isfinite(ends).astype(float), 0.95)
    found = survival_columns(levels, screen, np.arange(60), ends).set_index("level")
    for code, name in enumerate(CLIP.levels):
        times, diverged = lasted(ends, STEPS)[group == code], np.isfinite(ends[group == code])
        curve = stats.ecdf(stats.CensoredData.right_censored(times, ~diverged)).sf
        below = curve.quantiles[curve.probabilities <= 0.5]
        assert found.loc[name, "median_step"] == (below[0] if below.size and below[0] < STEPS else np.inf)
        assert found.loc[name, "share_diverged"] == diverged.mean()
        steps = np.arange(STEPS)  # whole ones: the curve is constant between them
        assert found.loc[name, "mean"] == pytest.approx(curve.evaluate(steps).sum())


def test_the_end_of_training_is_known_or_lies_behind_the_last_divergence():
    ends = np.array([3.0, np.inf, 7.0])
    assert lasted(ends, 20).tolist() == [3.0, 20.0, 7.0]
    assert lasted(ends, None).tolist() == [3.0, 8.0, 7.0]
    assert lasted(np.array([0.0, np.inf]), 0).tolist() == [0.0, 1.0]


def test_a_trial_is_ranked_by_the_mean_of_its_seeds_scores_and_told_in_steps():
    ends = pd.array([2, None, 1, 2], dtype="Int64")
    members = pd.DataFrame({"trial": [4, 4, 7, 7], "seed": [0, 1, 0, 1], "first_bad_step": ends, "verdict": "diverged"})
    outcome = trial_outcomes(members, "time_to_divergence", 10)
    assert outcome.shown.tolist() == [6.0, 1.5]
    assert outcome.ranked == pytest.approx([(-1 / 12 + 11 / 12) / 2, (-3 / 4 - 1 / 12) / 2])
