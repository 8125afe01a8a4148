"""What may be the matter with a configuration, and what is known of it: the contract of every rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradstudy.measurement import Measurement
from gradstudy.report.diagnosis.symptoms import Symptoms, symptoms_of
from gradstudy.training.close_look import CloseLook

PROVEN, TELLING, POSSIBLE, WITHOUT_ANOTHER = 3.0, 2.0, 1.0, 0.0
"""How telling a suspect is: it alone explains what is seen, its number lies beyond a bound, or it has a part; or it is
what is left where nothing else is suspected."""


@dataclass(frozen=True)
class Suspect:
    """Something that may be the matter: what it is called, what is said of it with its number, and how telling it is.

    `space` are the factors of a study that would show it, in Hydra's sweep grammar; the first level of each, or an end
    of its range, is what was measured.
    """

    name: str
    said: str
    weight: float
    space: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A configuration with which something is wrong: its symptoms, and whatever else may be asked of it."""

    symptoms: Symptoms
    measured: Measurement

    @property
    def parts(self) -> Mapping[str, Any]:
        """What it is made of, by group."""
        return self.look.parts

    @property
    def choices(self) -> Mapping[str, str]:
        """The option of every studied group."""
        return self.measured.choices

    @property
    def steps(self) -> int:
        return self.look.steps

    @property
    def look(self) -> CloseLook:
        """What costs passes of its own."""
        return self.measured.look

    @property
    def diverged(self) -> np.ndarray:
        """Which members diverged, [member]."""
        return self.symptoms.diverged

    @property
    def exploded(self) -> np.ndarray:
        """Which members diverged or explode, [member]."""
        return np.asarray(self.symptoms.diverged | self.symptoms.exploding)

    @property
    def stuck(self) -> np.ndarray:
        """Which members learned nothing, [member]."""
        return self.symptoms.stuck

    @property
    def ill(self) -> np.ndarray:
        """With which members something is wrong, [member]."""
        return self.symptoms.ill

    @property
    def is_silent(self) -> bool:
        """Whether in some member nothing at all comes back at step 0."""
        return bool((self.symptoms.signal[:, 0] == 0.0).any())

    def last(self, quantity: str, end: int = -1) -> np.ndarray:
        """What the members read there last (or first: 0), [member]; nan where that was not measured."""
        series = [record.series.get(quantity) for record in self.measured.records]
        return np.array([np.nan if one is None or not len(one.values) else one.values[end, 0] for one in series])


def case_of(measured: Measurement) -> Case:
    """What may be asked of a measurement."""
    return Case(symptoms_of(measured), measured)


SuspectRule = Callable[[Case], Suspect | None]
"""What one kind of fault shows itself by; None where it does not."""


def typical_of(values: np.ndarray, concerned: np.ndarray) -> float:
    """The median over the members concerned, of what is known; nan where nothing is."""
    known = values[concerned & np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan


def beyond(ratio: float) -> float:
    """What so many times a bound adds to how telling a suspect is: up to nine tenths."""
    return float(np.clip(np.log10(max(ratio, 1e-300)) / 10, 0.0, 0.9))


def log_range(one: float, other: float) -> str:
    """A range between two positive numbers, evenly over decades, as a study's space has it."""
    low, high = sorted(float(f"{end:.2g}") for end in (one, other))
    return f"tag(log,interval({low!r},{high!r}))"


def options(now: str, *others: str) -> str:
    """A choice between what was measured and other options, as a study's space has it."""
    return f"choice({','.join(dict.fromkeys((now, *others)))})"
