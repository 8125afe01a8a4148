"""Do confirmed cures hold? Screens over planted networks, whole procedures with simulated seeds, against the truth.

    python tests/benchmarks/planted_cures.py --worlds 0 100 --trials 128

A world is drawn at random: how vanishing, exploding and learning follow from three groups (one with a number of its
own), two further numbers and two factors that do nothing; how much seeds scatter; and a level under which some seeds
fail whatever the rest is. What is true of a configuration is counted on 4000 seeds, or on 64 as a person would.

A confirmed cure holds when at least the `healthy` share of further seeds is well and it learns no less than the failing
configuration. What is well is what the screen shows to be possible: where nothing of it learned, and where healthy
gradients are all that is claimed, these count alone. A change is needless when the cure without it holds on as many
seeds, and learns half as much at least.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gradstudy.analysis.cure.confirmation import AS_MUCH, Confirmation
from gradstudy.analysis.cure.cure import Cure
from gradstudy.analysis.prescription.experience import Experience, stored_start
from gradstudy.analysis.prescription.prescription import prescribe
from gradstudy.analysis.settings import DEFAULTS
from gradstudy.records import DUMMY, Factor, Level

Levels = Mapping[str, Level]
FACTORS = (
    Factor("a", ("a1", "a2", "a3", "a4")),
    Factor("b", ("b1", "b2", "b3")),
    Factor("c", ("c1", "c2", "c3")),
    Factor("c.size", low=0.01, high=10.0, log=True),
    Factor("rate", low=1e-4, high=1.0, log=True),
    Factor("gain", low=0.5, high=2.0),
    Factor("null", ("n1", "n2", "n3")),
    Factor("idle"),
)
FAILURES = ("vanishing", "exploding", "diverged", "stuck")
TRUTH = 4000
FURTHER = 64
AS_WELL = 0.05
"""Shares of seeds that are the same."""


class World:
    """Networks drawn by this number: members of any configuration on any number of seeds."""

    def __init__(self, number: int):
        random = self.random = np.random.default_rng(number)
        height = 10.0 ** random.uniform(0.1, 0.5)
        self.groups = {name: height * random.normal(size=(2, 4)) for name in ("a", "b")}
        self.both = 0.6 * height * random.normal(size=(2, 4, 4))
        self.slope = height * random.normal(size=(2, 2))
        self.bend = height * random.normal(size=(2, 4))
        self.clip = np.array([0.0, random.uniform(1.0, 4.0), random.uniform(0.0, 2.0)])
        self.noise = 10.0 ** random.uniform(-1.0, 0.0)
        self.failing = float(random.choice([0.0, 0.05, 0.15, 0.3, 0.6]))
        self.best_rate = random.uniform(0.3, 0.8)
        self.width = random.uniform(0.15, 0.4)
        self.base = np.zeros(2)
        # The middle of what is harmful is set where a share of all trials is within both bounds.
        some = np.array([self._harm(levels) for levels in self.draw(400)])
        wanted = 10.0 ** random.uniform(-1.4, -0.4)
        for shift in np.linspace(-8.0, 12.0, 161):
            if ((some[:, 0] + shift < 3.0) & (some[:, 1] + shift - 1.0 < 2.0)).mean() < wanted:
                break
        self.base = np.array([shift, shift - 1.0])

    def draw(self, count: int) -> list[dict[str, Level]]:
        """Configurations, every factor by itself."""
        units = self.random.random((count, len(FACTORS)))
        found = []
        for unit in units.tolist():
            levels = {
                factor.name: factor.at(share) if factor.is_number else factor.levels[int(share * len(factor.levels))]
                for factor, share in zip(FACTORS, unit, strict=True)
            }
            if levels["c"] == "c1":
                del levels["c.size"]
            found.append(levels)
        return found

    def members(self, levels: Levels, seeds: int) -> pd.DataFrame:
        """A row per seed, as a driver has it."""
        vanishing, exploding = self._harm(levels)[:, None] + self.noise * self.random.normal(size=(2, seeds))
        struck = self.random.random(seeds) < self.failing * (levels["b"] == "b1")
        exploding = np.clip(np.where(struck, 10.0, exploding), 0.0, 10.0)
        vanishing = np.clip(vanishing, 0.0, 10.0)
        rate = FACTORS[4].place(np.array(float(levels["rate"])))
        peak = float(np.exp(-(((rate - self.best_rate) / self.width) ** 2)))
        harmed = np.clip(1.5 - vanishing / 4.0, 0.0, 1.0) * np.clip(1.5 - exploding / 6.0, 0.0, 1.0)
        learned = np.clip(peak * harmed + 0.03 * self.random.normal(size=seeds), -1.0, 1.0)
        diverged = exploding >= 10.0
        learned = np.where(diverged, np.minimum(learned, 0.0), learned)
        verdict = np.select(
            [diverged, exploding >= 2.0, vanishing >= 3.0], ["diverged", "exploding", "vanishing"], "healthy"
        )
        outcome = np.where(learned >= DEFAULTS.learned, "learned", "stuck")
        return pd.DataFrame(
            {
                "seed": np.arange(seeds), "vanishing": vanishing, "exploding": exploding, "learned": learned,
                "verdict": verdict, "outcome": outcome,
            }
        )  # fmt: skip

    def screen(self, trials: int, seeds: int) -> pd.DataFrame:
        """The members of a screen."""
        frames = []
        for number, levels in enumerate(self.draw(trials)):
            whole = {factor.name: levels.get(factor.name, np.nan) for factor in FACTORS}
            frames.append(
                self.members(levels, seeds).assign(
                    **whole, trial=number, **{DUMMY.name: self.random.random()}, phase="screen"
                )
            )
        return pd.concat(frames, ignore_index=True)

    def _harm(self, levels: Levels) -> np.ndarray:
        """Vanishing and exploding of a typical seed, in decades: [2]"""
        a, b, c = int(str(levels["a"])[1]) - 1, int(str(levels["b"])[1]) - 1, int(str(levels["c"])[1]) - 1
        rate = float(FACTORS[4].place(np.array(float(levels["rate"])))) - 0.5
        gain = float(FACTORS[5].place(np.array(float(levels["gain"])))) - 0.5
        size = float(FACTORS[3].place(np.array(float(levels["c.size"])))) if "c.size" in levels else 0.0
        harm = self.base + self.groups["a"][:, a] + self.groups["b"][:, b] + self.both[:, a, b]
        harm = harm + self.slope[:, 0] * rate + self.slope[:, 1] * gain + self.bend[:, a] * 2.0 * gain * abs(gain)
        return np.asarray(harm + np.array([0.0, -self.clip[c] * (1.0 - size)]))


@dataclass(frozen=True)
class Truth:
    """Of a configuration: the share of seeds that are well, and what they learn in the median."""

    well: float
    learned: float


def true_of(world: World, levels: Levels, seeds: int, *, learning: bool) -> Truth:
    """What is counted on so many seeds; who is well has healthy gradients and, where `learning` counts, learned."""
    members = world.members(levels, seeds)
    well = (members["verdict"] == "healthy") & ((members["outcome"] == "learned") | (not learning))
    return Truth(float(well.mean()), float(members["learned"].median()))


def holds(after: Truth, before: Truth) -> bool:
    """Whether it is a cure in truth."""
    return after.well >= DEFAULTS.healthy and after.learned >= before.learned - AS_MUCH


def is_as_good(lesser: Truth, before: Truth, after: Truth) -> bool:
    """Whether a change is needless: without it, as many seeds are well, and they learn at least half as much."""
    return holds(lesser, before) and lesser.well >= after.well - AS_WELL and lesser.learned >= after.learned / 2


def cure_of(world: World, confirmation: Confirmation) -> Cure:
    """The whole procedure."""
    while asks := confirmation.asks():
        for ask in asks:
            confirmation.tell(ask, world.members(ask.levels, len(ask.seeds)).to_dict("records"))
    return confirmation.found


def judged(world: World, found: Cure, *, learning: bool) -> dict[str, Any]:
    """What came out beside what is true, and what is claimed of it: one row."""
    truth = partial(true_of, world, learning=learning and not found.gradients_alone)
    before = truth(found.start, TRUTH)
    row: dict[str, Any] = {
        "verdict": found.verdict,
        "confirmed": found.confirmed,
        "gradients_alone": found.gradients_alone,
        "reason": str(found.reason),
        "trainings": sum(one.seeds for one in found.tried),
        "before_well": before.well,
        "before_learned": before.learned,
        "changes": len(found.changes),
    }
    if found.after is None:
        return row
    after = truth(found.levels, TRUTH)
    row |= {
        "after": asdict(after),
        "low": found.low,
        "high": found.high,
        "counts": (found.after.well, found.after.seeds),
    }
    row["explored"] = [
        (true_of(world, one.levels, TRUTH, learning=learning).well, one.well, one.seeds, *one.interval(0.95))
        for one in found.tried
    ]
    row["holds"] = holds(truth(found.levels, FURTHER), truth(found.start, FURTHER))
    row["needless"] = [name for name, levels in taken_back(found) if is_as_good(truth(levels, TRUTH), before, after)]
    return row


def taken_back(found: Cure) -> Iterator[tuple[str, dict[str, Level]]]:
    """The cure without each of its changes, and what each of them brings along."""
    made = [name for name, pair in found.changes.items() if None not in pair]
    if len(made) < 2:
        return
    for name in made:
        levels = dict(found.levels) | {name: found.start[name]}
        if name == "c":
            levels.pop("c.size", None)
            if "c.size" in found.start:
                levels["c.size"] = found.start["c.size"]
        yield name, levels


def study(number: int, trials: int, cures: int, seeds: int) -> list[dict[str, Any]]:
    """A world, its screen, and what comes of each failing verdict's typical trial."""
    world = World(number)
    members = world.screen(trials, seeds=4)
    factors = [*FACTORS, DUMMY]
    experience = Experience(members, factors, DEFAULTS, seed=number)
    rows = []
    for verdict in FAILURES:
        trial = experience.typical(verdict)
        if trial is None:
            continue
        start = stored_start(members, factors, trial)
        cure = cure_of(world, Confirmation(experience, start, cures=cures, seeds=seeds))
        row = judged(world, cure, learning=experience.judges_learning)
        guess = prescribe(experience, start)
        if guess.changes:
            share = true_of(world, guess.cured, TRUTH, learning=experience.judges_learning).well
            row["promise"] = (guess.supported, guess.chance, share)
        rows.append(row | {"world": number, "well": float(experience.well.mean())})
    return rows


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The figures of the documentation."""
    confirmed = [row for row in rows if row["confirmed"]]
    last = [row for row in rows if "after" in row and row["counts"][1] >= 8]
    tests = [(p, low, high) for row in rows for p, _, n, low, high in row.get("explored", ()) if n >= 8]
    open_ = [one for one in tests if 0.02 < one[0] < 0.98]
    several = [row for row in confirmed if row["changes"] > 1]

    def covered(found: Sequence[tuple[float, float, float]]) -> float:
        return float(np.mean([low <= p <= high for p, low, high in found])) if found else float("nan")

    return {
        "failing starts": len(rows),
        "with a confirmed cure": float(np.mean([row["confirmed"] for row in rows])),
        "confirmed that hold": float(np.mean([row["holds"] for row in confirmed])),
        "intervals of cures that cover": covered([(row["after"]["well"], row["low"], row["high"]) for row in last]),
        "intervals that cover": covered(tests),
        "where seeds decide": covered(open_),
        "counts there": len(open_),
        "cures without a needless change": float(np.mean([not row["needless"] for row in confirmed])),
        "of several changes": float(np.mean([not row["needless"] for row in several])),
        "trainings": float(np.mean([row["trainings"] for row in rows])),
        "at most": float(max(row["trainings"] for row in rows)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, nargs=2, default=(0, 40))
    parser.add_argument("--trials", type=int, default=128)
    parser.add_argument("--cures", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--rows", type=Path, help="where rows are kept, to be summed up together")
    given = parser.parse_args()
    rows = []
    with threadpool_limits(1):
        for number in range(*given.worlds):
            found = study(number, given.trials, given.cures, given.seeds)
            rows.extend(found)
            if given.rows:
                with given.rows.open("a") as file:
                    file.writelines(json.dumps(row, default=float) + "\n" for row in found)
    for name, figure in summary(rows).items():
        sys.stdout.write(f"{name:34} {figure:.3g}\n")


if __name__ == "__main__":
    main()
