"""The test that a cure must pass: its error by enumeration, its interval by Wilson's formula."""

import pytest
from scipy.stats import binom, norm

from gradstudy.analysis.cure.acceptance import SEED_GROUPS, excluded_share, exploring_seeds, goes_on, passes
from gradstudy.analysis.cure.cure import Purpose, Tried


def chance_to_pass(p, seeds):
    """Over all counts that groups of seeds can have, by following the rule."""
    total, open_ = 0.0, {0: 1.0}
    for groups in range(1, SEED_GROUPS + 1):
        reached = {}
        for well, chance in open_.items():
            for more in range(seeds + 1):
                count, likely = well + more, chance * binom.pmf(more, seeds, p)
                if goes_on(count, groups * seeds, groups):
                    reached[count] = reached.get(count, 0.0) + likely
                elif passes(count, groups * seeds, groups):
                    total += likely
        open_ = reached
    return total


@pytest.mark.parametrize(("seeds", "tests"), [(8, 1), (8, 3), (4, 3), (1, 1)])
def test_what_is_excluded_would_pass_one_of_the_tests_as_seldom_as_is_said(seeds, tests):
    bound = excluded_share(seeds, tests, 0.95)
    assert tests * chance_to_pass(bound, seeds) == pytest.approx(0.05)
    assert chance_to_pass(bound / 2, seeds) < chance_to_pass(bound, seeds)


def test_all_of_the_first_seeds_are_enough_and_one_that_fails_is_forgiven_once():
    assert passes(8, 8, 1)
    assert not passes(7, 8, 1)
    assert goes_on(7, 8, 1)
    assert not goes_on(6, 8, 1)
    assert passes(15, 16, 2)
    assert not passes(14, 16, 2)
    assert not goes_on(15, 16, 2)


@pytest.mark.parametrize(("seeds", "few"), [(8, 4), (5, 3), (1, 1)])
def test_half_of_the_seeds_explore(seeds, few):
    assert exploring_seeds(seeds) == few


@pytest.mark.parametrize(("well", "seeds"), [(8, 8), (0, 8), (15, 16), (3, 4)])
def test_the_interval_is_that_of_wilson(well, seeds):
    """Wilson 1927: the shares p with (well / n - p)^2 <= z^2 p (1 - p) / n."""
    z = norm.ppf(0.975)
    middle, half = (well + z**2 / 2) / (seeds + z**2), z * (well * (seeds - well) / seeds + z**2 / 4) ** 0.5
    low, high = Tried(Purpose.CONFIRMING, {}, {}, seeds, well, 0.5).interval(0.95)
    assert low == pytest.approx(max(middle - half / (seeds + z**2), 0.0), abs=1e-12)
    assert high == pytest.approx(min(middle + half / (seeds + z**2), 1.0), abs=1e-12)
