"""The frozen dataclasses that travel between rooms: factors, trials, members, and what was measured on them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import floor
from typing import Any

import numpy as np

Level = str | float | int | bool


def level_name(level: Level) -> str:
    """A level as the command line has it: `true`, `0.1`, `relu`."""
    return str(level).lower() if isinstance(level, bool) else str(level)


VERDICTS = ("healthy", "vanishing", "exploding", "diverged")
"""What can be said of a member, from good to bad."""
HEALTHY, *FAILING = VERDICTS


def trial_verdict(verdicts: Iterable[str]) -> str:
    """The verdict that its seeds give a trial: healthy if all are, else the commonest of the others.

    Of equals the worst. A configuration that fails on one seed in four is no healthy one.
    """
    counts = Counter(verdicts)
    failing = [verdict for verdict in counts if verdict != HEALTHY] or [HEALTHY]
    return max(failing, key=lambda verdict: (counts[verdict], VERDICTS.index(verdict)))


LEARNED, STUCK, UNTRAINED = OUTCOMES = ("learned", "stuck", "untrained")
"""Whether a member learned, whatever its gradients did, of which its verdict speaks: yes, no, or nobody knows."""


def trial_outcome(outcomes: Iterable[str]) -> str:
    """The outcome that its seeds give a trial: learned if all of them are, stuck if any of them is."""
    found = set(outcomes)
    return STUCK if STUCK in found else LEARNED if found == {LEARNED} else UNTRAINED


@dataclass(frozen=True)
class Factor:
    """What a study varies, with its levels or its range.

    A factor has either `levels` (a choice) or a range `low`..`high` (a number; `log` when it is spread evenly over
    decades, `integer` when it takes whole values only).
    """

    name: str
    levels: tuple[Level, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    integer: bool = False

    @property
    def is_number(self) -> bool:
        return not self.levels

    @property
    def span(self) -> tuple[float, float]:
        """The two ends of the range that its numbers share out: a whole number n owns the piece [n, n + 1)."""
        return self.low, self.high + self.integer

    def place(self, numbers: np.ndarray) -> np.ndarray:
        """The shares of the (log) range, 0 to 1, at which numbers lie; a whole one at the middle of its piece."""
        scale, (low, high) = np.log if self.log else np.asarray, self.span
        placed = (scale(numbers) + scale(numbers + self.integer)) / 2
        return np.asarray(np.clip((placed - scale(low)) / (scale(high) - scale(low)), 0.0, 1.0))

    def at(self, share: float) -> float | int:
        """The number that lies at this share of the (log) range, or the whole one in whose piece the share falls."""
        low, high = self.span
        number = float(np.exp(np.log(low) + share * np.log(high / low)) if self.log else low + share * (high - low))
        return int(min(max(floor(number), low), self.high)) if self.integer else number

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "Factor":
        return Factor(**{**stored, "levels": tuple(stored["levels"])})


FINISHED, RUNNING, STOPPED = "finished", "running", "stopped"
"""How far a study has come: to its end, not yet, or not because something stopped it."""

SCREEN, HUNT, CONFIRM = PHASES = ("screen", "hunt", "confirm")
"""The parts of a study: trials drawn at random, which rank causes; trials chosen by what came out before; and cures of
failing trials that are tried on fresh seeds, which count for nothing else."""

CONFIRM_FROM = 1_000_000
"""The number of the first trial that tries a cure: a screen that is extended later does not reach it."""


DUMMY = Factor("dummy")
"""A factor that training never sees: what does not beat it in a ranking is not evidence."""


@dataclass(frozen=True)
class Trial:
    """A point of the space. `levels` holds the factors that live here, the others are inactive.

    `overrides` are Hydra overrides and say the same thing: given to the command line they run the trial again. `phase`
    is the part of the study that asked for it.
    """

    number: int
    levels: Mapping[str, Level]
    overrides: tuple[str, ...]
    phase: str = SCREEN


@dataclass(frozen=True)
class Member:
    """A network to be trained: one trial at one seed. Its data are the seed's, what it draws is its own."""

    trial: int
    seed: int


@dataclass(frozen=True)
class Series:
    """One quantity over training. `values` is [step, place], float64; `steps` is [step]."""

    places: tuple[str, ...]
    steps: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class MemberRecord:
    """What was measured on one member.

    `series` maps a quantity (`signal`, `gradient`, `norm_before_clipping`, `loss`, ...) to its values. A member that
    diverged is recorded up to and including its first bad step, where values may be inf or nan; `first_bad_tensor`
    names what went non-finite first. `weights` are the final (last finite) parameters by name, when asked for. `cost`
    has the `seconds` that its cohort took for all steps, and the instrument's shares of them: `recorder` for what is
    measured on every step (not for autograd's part in it), `probes` for the rest. Measured time: it differs from run to
    run.
    """

    trial: int
    seed: int
    series: Mapping[str, Series]
    first_bad_step: int | None = None
    first_bad_tensor: str | None = None
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    cost: Mapping[str, float] = field(default_factory=dict)


MemberRows = Sequence[Mapping[str, Any]]
"""One mapping per seed of a trial: `trial`, `seed`, the responses, `gain_init_theory` (None where theory says nothing),
`verdict`, `outcome`, `first_bad_step` and `first_bad_tensor`."""


@dataclass(frozen=True)
class TrialResult:
    """What is stored of one trial: its point of the space, one record per seed, and one row of responses per seed.

    `seconds` are its part of what its cohort took a worker for all steps; 0 for what is read back. A trial that could
    not be trained has no records, no rows, and a `failure` that says why: in its first line, with details below.
    """

    trial: Trial
    records: tuple[MemberRecord, ...]
    rows: MemberRows
    seconds: float = 0.0
    failure: str = ""

    def __add__(self, other: "TrialResult") -> "TrialResult":
        """This trial with further seeds, which are put in their order."""
        records = tuple(sorted((*self.records, *other.records), key=lambda record: record.seed))
        rows = tuple(sorted((*self.rows, *other.rows), key=lambda row: int(row["seed"])))
        return TrialResult(self.trial, records, rows, self.seconds + other.seconds)


@dataclass(frozen=True)
class StudyInfo:
    """What identifies a study and is needed to read its stored runs on any machine.

    `fingerprint` is a hash of everything that decides a member's numbers; launches with the same name and
    fingerprint continue one study. `command` is the launch as typed. `phases` are the parts it has, one after the
    other; `confirm` says how many `cures` are tried for a kind of failure, and on how many `seeds`, and is empty where
    none are; `hunted` says what a hunt looks for: its `goal`, its `objective`, a list of responses, and,
    but of older versions, the `batch` of trials that it asks at a time. `versions` are
    those of the packages that measured it, by name. `trials` is how many the newest launch asks for; studies of older
    versions do not say, and have 0. `data` is what was read of a person's own data, in words by what they are about.
    """

    name: str
    fingerprint: str
    question: str
    source: str
    factors: tuple[Factor, ...]
    seeds: int
    steps: int
    seed: int
    design: str
    command: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    phases: tuple[str, ...] = (SCREEN,)
    confirm: Mapping[str, int] = field(default_factory=dict)
    hunted: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    trials: int = 0
    data: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "StudyInfo":
        factors = tuple(Factor.from_json(factor) for factor in stored["factors"])
        phases = tuple(stored.get("phases", (SCREEN,)))  # studies of older versions are screens, and do not say so
        return StudyInfo(**{**stored, "factors": factors, "phases": phases})
