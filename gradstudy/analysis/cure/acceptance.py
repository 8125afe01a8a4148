"""When a change counts as a cure: on fresh seeds that took no part in choosing it, every one of them is well.

The cheapest rule with a stated error: n of n well seeds are drawn with probability p^n where a share p is well, so at
error a they rule out every p below a^(1/n) (zero-failure acceptance sampling; Clopper & Pearson 1934). Several changes
of one start may be put to this test, and a is shared out among them (Bonferroni). What came out while choosing counts
for nothing here, so that looking at many candidates costs no error.
"""

EXPLORED = 2
"""Seeds that choose are one in so many of those that confirm: they are only there to drop what fails at once."""


def exploring_seeds(seeds: int) -> int:
    """Seeds on which candidates are looked at, where this many confirm."""
    return -(-seeds // EXPLORED)


def excluded_share(seeds: int, tests: int, confidence: float) -> float:
    """A change that is well on a smaller share of all seeds passes one of these tests with chance 1 - confidence."""
    return float(((1.0 - confidence) / tests) ** (1.0 / seeds))
