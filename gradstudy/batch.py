"""A batch of trials, trained: with all of their seeds at once, or seed by seed where hopeless trials are stopped."""

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from typing import Any

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.theory.agreement import PREDICTED
from gradstudy.decades import CEILING, FLOOR
from gradstudy.execution.executor import Runner
from gradstudy.prediction import predicted
from gradstudy.preparation import Prepared, cohorts_of
from gradstudy.random_network import NoTheory
from gradstudy.records import HUNT, MemberRecord, Trial, TrialResult
from gradstudy.training.engine import train


def measured_trials(prepared: Prepared, trials: Sequence[Trial], runner: Runner) -> Iterator[TrialResult]:
    """Every trial with all its seeds; or, where hopeless ones are pruned, with those that it was given.

    Seeds are the rungs: all trials train their first, those with any hope their second. A trial is handed out, and
    stored, when it is done with, so that what a killed driver had begun is begun again.
    """
    search, seeds = prepared.search, range(prepared.launch.budget.seeds)
    if not search.prunes or {trial.phase for trial in trials} != {HUNT}:
        yield from train_trials(prepared, trials, runner, seeds)
        return
    begun: dict[int, TrialResult] = {}
    for seed in seeds:
        for result in train_trials(prepared, trials, runner, [seed]):
            whole = _together(begun.pop(result.trial.number, None), result)
            if seed == seeds[-1] or search.hopeless(result.trial.number, whole.rows):
                yield whole
            else:
                begun[result.trial.number] = whole
        trials = [trial for trial in trials if trial.number in begun]


def _together(before: TrialResult | None, result: TrialResult) -> TrialResult:
    if before is None:
        return result
    records, rows = (*before.records, *result.records), (*before.rows, *result.rows)
    return TrialResult(result.trial, records, rows, before.seconds + result.seconds)


def train_trials(
    prepared: Prepared, trials: Sequence[Trial], runner: Runner, seeds: Sequence[int] | None = None
) -> Iterator[TrialResult]:
    """Trains these seeds of the trials, by default all, and hands out each trial as soon as its cohort is done."""
    same = {trial.number: trial for trial in prepared.preview}
    known = {t.number: prepared.parts[t.number] for t in trials if same.get(t.number) == t}
    parts = {t.number: known.get(t.number) or prepared.composer.parts(t.levels) for t in trials}
    by_number = {trial.number: trial for trial in trials}
    settings = prepared.launch.analysis
    for _, records in runner(train, cohorts_of(prepared, trials, parts, seeds)):
        of_trial: dict[int, list[MemberRecord]] = {}
        for record in records:
            of_trial.setdefault(record.trial, []).append(record)
        for number, own in of_trial.items():
            theory = {PREDICTED: _predicted(parts[number], prepared.launch.seed)}
            rows = tuple(member_row(record, settings) | theory for record in own)
            seconds = sum(record.cost["seconds"] for record in own) / len(records)
            yield TrialResult(by_number[number], tuple(own), rows, seconds)


def _predicted(parts: Mapping[str, Any], study_seed: int) -> float | None:
    """What theory says of `gain_init`, None where it says nothing. Its ends are those of what can be measured."""
    try:
        gain = predicted(parts, study_seed).gain_init
    except NoTheory:
        return None
    return None if isnan(gain) else float(min(max(gain, FLOOR), CEILING))
