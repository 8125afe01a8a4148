"""When a change counts as a cure, by fresh seeds that took no part in choosing it.

All of a group of n seeds must be well. Where one is not, a second group follows, which must be well altogether: a cure
that fails on one seed in thirty is not lost by one seed, and 15 of 16 say as much as 8 of 8. With p the share of all
seeds that are well, a change passes with probability p^n + n (1 - p) p^(2n - 1), so that at error a every p below the
root of this is ruled out (a group sequential test: Wald 1945; Jennison & Turnbull 2000, ch. 12). Several changes of one
start may be put to the test, and a is shared out among them (Bonferroni). What came out while choosing counts for
nothing here, so that looking at many candidates costs no error.
"""

import scipy

EXPLORED = 2
"""Seeds that choose are one in so many of those that confirm: they are only there to drop what fails at once."""
SEED_GROUPS = 2
"""Groups of fresh seeds on which one change is tested, at most."""


def exploring_seeds(seeds: int) -> int:
    """Seeds on which candidates are looked at, where this many confirm."""
    return -(-seeds // EXPLORED)


def goes_on(well: int, seeds: int, groups: int) -> bool:
    """Whether another group of seeds decides: the first has one that is not well."""
    return groups < SEED_GROUPS and seeds - well == 1


def passes(well: int, seeds: int, groups: int) -> bool:
    """Whether these counts, over so many groups, confirm a cure."""
    return seeds - well < groups


def excluded_share(seeds: int, tests: int, confidence: float) -> float:
    """A change that is well on a smaller share of all seeds passes one of these tests with chance 1 - confidence."""
    error = (1.0 - confidence) / tests

    def excess(p: float) -> float:
        return p**seeds + seeds * (1.0 - p) * p ** (2 * seeds - 1) - error

    return float(scipy.optimize.brentq(excess, 0.0, 1.0))
