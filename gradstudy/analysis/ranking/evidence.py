"""What may be said of a factor: that it is a cause, that it is none, or neither."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstudy.analysis.ranking.alignment import confounded
from gradstudy.analysis.ranking.attribution import Attribution
from gradstudy.analysis.ranking.significance import control_false_discoveries
from gradstudy.analysis.ranking.widening import interval_ends
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.space.coordinates import CodedTrials
from gradstudy.conclusions import EVIDENCE, GOOD_FIT, NO_EFFECT, NO_EVIDENCE, NOISE_FLOOR, NOT_RANKED
from gradstudy.records import DUMMY

ENOUGH = 10
"""Trials per factor on the rarer side of the response. With fewer, nobody can say that a factor does nothing: seven
diverged trials in a hundred can be explained in many ways. (Peduzzi et al. 1995, of events per variable.)"""
CLEARLY = 0.1
"""What the surrogate alone speaks for must begin at this part of what is negligible: above nothing at all."""


@dataclass(frozen=True)
class Weighed:
    """What the two witnesses say, one flag per factor. `tested`: the test that knows no surrogate is significant.

    `clear`: the surrogate needs the factor (a likelihood ratio test after false-discovery control), and gives it more
    than the dummy and more than what is negligible. `denied`: the surrogate fits, does not need it, and its interval
    ends below what is negligible, with all that is left unexplained. `tied`: it was not assigned independently of
    another factor. `absent`: its interval ends there in a surrogate that fits to enough trials, and the test is silent.
    `ranked`: there is something to say at all; `real`: it is not the dummy, which is no cause whatever they say.
    """

    names: np.ndarray
    real: np.ndarray
    ranked: np.ndarray
    tested: np.ndarray
    clear: np.ndarray
    denied: np.ndarray
    tied: np.ndarray
    absent: np.ndarray
    fit: float

    @property
    def fits(self) -> bool:
        """Whether the surrogate is a witness at all."""
        return self.fit >= GOOD_FIT

    @property
    def evidence(self) -> np.ndarray:
        """Whether it is a cause. A random assignment makes the test valid alone; a surrogate must fit to speak alone.

        What acts through interactions passes a test of one factor at a time unseen; and what is tied to a cause is seen
        by it, so that there both must speak. A chance tie to a product of causes is weak, and the test sees that too:
        of a surrogate that fits, and has no use for the factor, the test is contradicted.
        """
        alone = self.tested & ~self.tied & ~self.denied
        return np.asarray(self.real & self.ranked & (alone | (self.clear & self.fits)))

    @property
    def unproven(self) -> np.ndarray:
        """Whether only a surrogate speaks for it that is worth something, but fits too badly to be believed."""
        return np.asarray(self.real & self.ranked & self.clear & ~self.evidence & (self.fit > 0.0))

    @property
    def verdicts(self) -> np.ndarray:
        """The verdict on each factor."""
        cases = {NOT_RANKED: ~self.ranked, NOISE_FLOOR: ~self.real, EVIDENCE: self.evidence, NO_EFFECT: self.absent}
        return np.select(list(cases.values()), list(cases), NO_EVIDENCE).astype(object)


def weigh(p: np.ndarray, screen: CodedTrials, shares: Attribution, settings: Analysis) -> Weighed:
    """What test and surrogate say of the factors of this screen. `p` [factor] is after false-discovery control."""
    names, tail = [factor.name for factor in screen.factors], (1.0 - settings.confidence) / 2
    level = 1.0 - settings.confidence
    small = interval_ends(shares.wide, shares.unexplained, settings.confidence)[1] < settings.negligible
    denied = small & (shares.p >= level) & (shares.fit >= GOOD_FIT)
    return Weighed(
        names=np.array(names),
        real=np.array([name != DUMMY.name for name in names]),
        ranked=np.isin(names, shares.names),
        tested=p < level,
        clear=_spread(names, shares, _needed(shares, settings, tail)),
        denied=_spread(names, shares, denied),
        tied=confounded(screen),
        absent=_spread(names, shares, small & (shares.fit >= GOOD_FIT)) & (p >= level) & _enough(screen),
        fit=shares.fit,
    )


def _enough(screen: CodedTrials) -> np.ndarray:
    """Whether the rarer half of the response's range is seen often enough where each factor lives [factor]."""
    needed = ENOUGH * sum(factor.name != DUMMY.name for factor in screen.factors)
    high = screen.values > (screen.values.min() + screen.values.max()) / 2
    sides = [np.bincount(high[lives], minlength=2).min() for lives in screen.lives.T]
    return np.array(sides) >= needed


def _needed(shares: Attribution, settings: Analysis, tail: float) -> np.ndarray:
    needed = control_false_discoveries(shares.p) < 1.0 - settings.confidence
    low, mean = np.quantile(shares.draws, tail, axis=0), shares.draws.mean(axis=0)
    needed &= (mean >= settings.negligible) & (low >= CLEARLY * settings.negligible)
    if DUMMY.name in shares.names:
        # On the scale of the variance everywhere: noise alone fills a large share of a support where nothing happens.
        dummy = shares.effects[:, shares.names.index(DUMMY.name)]
        needed &= shares.effects.mean(axis=0) > np.quantile(dummy, 1.0 - tail)
    return needed


def _spread(names: Sequence[str], shares: Attribution, flags: np.ndarray) -> np.ndarray:
    known = dict(zip(shares.names, flags, strict=True))
    return np.array([bool(known.get(name, False)) for name in names])
