"""A batch of trials, trained: with all of their seeds at once, or seed by seed where hopeless trials are stopped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.theory.agreement import PREDICTED
from gradstudy.configs.composition import Composer
from gradstudy.configs.launch import Launch
from gradstudy.execution.executor import Runner
from gradstudy.mean_field import predicted_gain
from gradstudy.records import HUNT, Member, MemberRecord, Trial, TrialResult
from gradstudy.search.base import AskTell
from gradstudy.training.cohort import CPU_KNEE, CUDA_KNEE, Cohort, plan
from gradstudy.training.engine import train


def cohorts_of(
    launch: Launch,
    members: Sequence[Member],
    parts: Mapping[int, Mapping[str, Any]],
    size: int,
    *,
    keep_weights: bool = False,
) -> list[Cohort]:
    """Members with these parts by trial number as a launch trains them: at most `size` together, the largest first."""
    return [
        Cohort(
            group,
            {member.trial: parts[member.trial] for member in group},
            study_seed=launch.seed,
            steps=launch.budget.steps,
            device=launch.device.name,
            dtype=launch.device.dtype,
            record=launch.record,
            keep_weights=keep_weights,
        )
        for group in plan(members, parts, size)
    ]


@dataclass(frozen=True)
class Batch:
    """Trials that a launch trains together on these devices: as cohorts, whose records become results by trial."""

    composer: Composer
    devices: tuple[str, ...]
    trials: tuple[Trial, ...]

    def cohorts(self, seeds: Sequence[int] | None = None) -> list[Cohort]:
        """How the trials train together with these seeds, by default all of the budget: the largest cohorts first."""
        launch = self.composer.launch
        parts = {trial.number: self.composer.parts(trial.levels) for trial in self.trials}
        seeds = range(launch.budget.seeds) if seeds is None else seeds
        members = [Member(trial.number, seed) for trial in self.trials for seed in seeds]
        knee = CUDA_KNEE if self.devices[0].startswith("cuda") else CPU_KNEE
        return cohorts_of(launch, members, parts, launch.execution.cohort_size or knee)

    def trained(self, runner: Runner, seeds: Sequence[int] | None = None) -> Iterator[TrialResult]:
        """Trains these seeds, by default all, and hands out each trial as soon as its cohort is done."""
        launch, by_number = self.composer.launch, {trial.number: trial for trial in self.trials}
        for _, records in runner(train, self.cohorts(seeds)):
            of_trial: dict[int, list[MemberRecord]] = {}
            for record in records:
                of_trial.setdefault(record.trial, []).append(record)
            for number, own in of_trial.items():
                trial = by_number[number]
                theory = {PREDICTED: predicted_gain(self.composer.parts(trial.levels), launch.seed)}
                rows = tuple(member_row(record, launch.analysis) | theory for record in own)
                yield TrialResult(trial, tuple(own), rows, sum(one.cost["seconds"] for one in own) / len(records))

    def measured(self, runner: Runner, search: AskTell) -> Iterator[TrialResult]:
        """Every trial with all its seeds; or, where hopeless ones are pruned, with those that it was given.

        Seeds are the rungs: all trials train their first, those with any hope their second. A trial is handed out, and
        stored, when it is done with, so that what a killed driver had begun is begun again.
        """
        if not search.prunes or {trial.phase for trial in self.trials} != {HUNT}:
            yield from self.trained(runner)
            return
        begun: dict[int, TrialResult] = {}
        hopeful, seeds = self, range(self.composer.launch.budget.seeds)
        for seed in seeds:
            for result in hopeful.trained(runner, [seed]):
                number = result.trial.number
                whole = begun.pop(number, TrialResult(result.trial, (), ())) + result
                if seed == seeds[-1] or search.hopeless(number, whole.rows):
                    yield whole
                else:
                    begun[number] = whole
            hopeful = replace(hopeful, trials=tuple(trial for trial in hopeful.trials if trial.number in begun))
