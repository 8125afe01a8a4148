"""A batch of trials, trained: with all of their seeds at once, or seed by seed where hopeless trials are stopped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.theory.agreement import PREDICTED
from gradstudy.configs.composition import Composer
from gradstudy.configs.launch import Launch
from gradstudy.execution.executor import Lost
from gradstudy.execution.trainer import Trained, Trainer
from gradstudy.mean_field import predicted_gain
from gradstudy.records import HUNT, Member, MemberRecord, Trial, TrialResult
from gradstudy.search.base import AskTell
from gradstudy.training.cohort import Cohort, plan
from gradstudy.training.cohort_size import best_size
from gradstudy.training.footprint import Footprint, memory_here


def cohorts_of(
    launch: Launch,
    members: Sequence[Member],
    parts: Mapping[int, Mapping[str, Any]],
    footprints: Mapping[int, Footprint],
    size: int,
    *,
    devices: Sequence[str] = ("cpu",),
    keep_weights: bool = False,
) -> list[Cohort]:
    """Members with these parts, of these footprints, both by trial number, as a launch trains them.

    At most `size` together, and the largest cohorts first.

    With a size of 0 as many as are fastest on these devices, and none idle. Fewer where the networks are so large that
    half of this machine's memory would not hold them in every worker.
    """
    workers = launch.execution.count(devices)
    room = memory_here() / 2 / workers

    def cohort(group: tuple[Member, ...]) -> Cohort:
        return Cohort(
            group,
            {member.trial: parts[member.trial] for member in group},
            study_seed=launch.seed,
            steps=launch.budget.steps,
            device=launch.device.name,
            dtype=launch.device.dtype,
            capture=launch.device.capture,
            tf32=launch.device.tf32,
            record=launch.record,
            keep_weights=keep_weights,
        )

    def most(group: tuple[Member, ...]) -> int:
        return max(1, int(room / footprints[group[0].trial].with_record(launch.budget.steps)))

    def together(of_structure: tuple[Member, ...]) -> int:
        share = -(-len(members) // workers)
        return size or best_size(cohort(of_structure), devices[0], share, most(of_structure))

    return [cohort(group) for whole in plan(members, parts, together) for group in _fitting(whole, most(whole))]


def _fitting(members: tuple[Member, ...], most: int) -> list[tuple[Member, ...]]:
    return [members[start : start + most] for start in range(0, len(members), most)]


Seeds = Mapping[int, Sequence[int]]
"""Which seeds a trial trains with, by its number."""


@dataclass(frozen=True)
class Batch:
    """Trials that a launch trains together on these devices: as cohorts, whose records become results by trial."""

    composer: Composer
    devices: tuple[str, ...]
    trials: tuple[Trial, ...]

    def cohorts(self, seeds: Seeds | None = None) -> list[Cohort]:
        """How the trials train together with these seeds, by default all of the budget: the largest cohorts first."""
        launch, seeds = self.composer.launch, self._seeds if seeds is None else seeds
        parts = {trial.number: self.composer.parts(trial.levels) for trial in self.trials}
        footprints = {trial.number: self.composer.footprint(trial.levels) for trial in self.trials}
        members = [Member(trial.number, seed) for trial in self.trials for seed in seeds[trial.number]]
        return cohorts_of(launch, members, parts, footprints, launch.execution.cohort_size, devices=self.devices)

    def trained(self, trainer: Trainer, seeds: Seeds | None = None) -> Iterator[list[TrialResult]]:
        """Trains these seeds, by default all of the budget, and hands out trials as soon as all of theirs are done.

        Those that a cohort completes come together, and failed ones without a member. Workers begin with the call.
        """
        seeds = self._seeds if seeds is None else seeds
        return self._by_trial(trainer(self.cohorts(seeds)), seeds)

    def _by_trial(self, cohorts: Iterator[Trained], seeds: Seeds) -> Iterator[list[TrialResult]]:
        begun = {trial.number: TrialResult(trial, (), ()) for trial in self.trials}
        for cohort, outcome in cohorts:
            done = []
            for number in dict.fromkeys(member.trial for member in cohort.members if member.trial in begun):
                if isinstance(outcome, Lost):
                    done.append(replace(TrialResult(begun.pop(number).trial, (), ()), failure=outcome.reason))
                    continue
                own = tuple(record for record in outcome if record.trial == number)
                begun[number] += self._result(begun[number].trial, own, len(outcome))
                if len(begun[number].rows) == len(seeds[number]):  # what cannot be stacked comes member by member
                    done.append(begun.pop(number))
            if done:
                yield done

    def measured(self, trainer: Trainer, search: AskTell) -> Iterator[list[TrialResult]]:
        """Every trial with all its seeds; or, where hopeless ones are pruned, with those that it was given.

        Seeds are the rungs: all trials train their first, those with any hope their second. A trial is handed out, and
        stored, when it is done with, so that what a killed driver had begun is begun again.
        """
        if not search.prunes or {trial.phase for trial in self.trials} != {HUNT}:
            yield from self.trained(trainer)
            return
        begun: dict[int, TrialResult] = {}
        hopeful, seeds = self, range(self.composer.launch.budget.seeds)
        for seed in seeds:
            for results in hopeful.trained(trainer, dict.fromkeys(hopeful.numbers, (seed,))):
                done = []
                for result in results:
                    number = result.trial.number
                    earlier = begun.pop(number, TrialResult(result.trial, (), ()))
                    whole = result if result.failure else earlier + result
                    if whole.failure or seed == seeds[-1] or search.hopeless(number, whole.rows):
                        done.append(whole)
                    else:
                        begun[number] = whole
                if done:
                    yield done
            hopeful = replace(hopeful, trials=tuple(trial for trial in hopeful.trials if trial.number in begun))

    @property
    def numbers(self) -> tuple[int, ...]:
        """Those of its trials."""
        return tuple(trial.number for trial in self.trials)

    @property
    def _seeds(self) -> Seeds:
        return dict.fromkeys(self.numbers, range(self.composer.launch.budget.seeds))

    def _result(self, trial: Trial, records: tuple[MemberRecord, ...], cohort: int) -> TrialResult:
        """What came of members of one trial in a cohort of so many."""
        launch = self.composer.launch
        theory = {PREDICTED: predicted_gain(self.composer.parts(trial.levels), launch.seed)}
        rows = tuple(member_row(record, launch.analysis) | theory for record in records)
        return TrialResult(trial, records, rows, sum(one.cost["seconds"] for one in records) / cohort)
