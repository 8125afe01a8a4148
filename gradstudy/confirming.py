"""Tries cures of a study: what their procedures ask for is trained and stored, round by round."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count, filterfalse

from gradstudy.analysis.cure.confirmation import Confirmation
from gradstudy.analysis.cure.replay import Outcomes, known_of, replay
from gradstudy.batch import Batch
from gradstudy.configs.composition import Composer
from gradstudy.errors import InputError
from gradstudy.execution.trainer import Trainer
from gradstudy.locking.hold import Hold
from gradstudy.preparation import Prepared
from gradstudy.records import CONFIRM, CONFIRM_FROM, Level, MemberRows, StudyInfo, Trial, TrialResult
from gradstudy.report.mlflow.ahead import Ahead
from gradstudy.report.mlflow.displays import trial_display
from gradstudy.report.terminal.console import make_console
from gradstudy.report.terminal.live.progress import Progress
from gradstudy.results import Run
from gradstudy.storing import Storing
from gradstudy.tracking.members_file import Stored, members_table
from gradstudy.tracking.writer import StudyWriter


def confirm(
    prepared: Prepared,
    trainer: Trainer,
    hold: Hold,
    run: Run,
    *,
    confirmations: Sequence[Confirmation],
    ahead: Ahead,
) -> None:
    """Tries cures: trains and stores what is asked until nothing is, and has the run read it.

    It knows what is stored, as whoever reads the study will, and what waits on disk since MLflow did not answer. A
    trial's number is the first free one in the order of asking, so that in a launch that goes on it has the draws that
    it would have had in an undisturbed one. Who asks for what cannot be made, or failed, has ended.

    Workers do not wait for what else the driver has to do: while they train a round, what came of the one before is
    stored, and the driver makes a piece of the page.
    """
    composer, info, launch = prepared.composer, prepared.info, prepared.launch
    known = dict(run.known)
    if not replay(confirmations, known):
        return
    workers, name = launch.execution.count(prepared.devices), f"{info.name}, trying cures on fresh seeds"
    with (
        StudyWriter(launch.tracking, info, prepared.folder, partial(trial_display, info), hold) as writer,
        Progress(name, workers=workers, console=make_console()) as progress,
        Storing() as storing,
    ):
        tried = {number: one for number, one in writer.stored().items() if one[0].phase == CONFIRM}
        failed = [] if launch.retry else [trial.levels for trial, rows in tried.values() if not rows]
        taken = {number for number, (_, rows) in tried.items() if rows or not launch.retry}
        known = {**_outcomes(info, writer.waiting()), **known}
        numbers = filterfalse({*run.tried["trial"], *taken}.__contains__, count(CONFIRM_FROM))
        while asked := replay(confirmations, known):
            unfit = [ask for ask in asked if ask.levels in failed or not _fits(composer, ask.levels)]
            if unfit:  # levels that never met in the screen may not go together
                confirmations = [one for one in confirmations if not any(ask in unfit for ask in one.asks())]
                continue
            trials = tuple(composer.trial(n, ask.levels, CONFIRM) for ask, n in zip(asked, numbers, strict=False))
            fresh = [range(info.seeds + ask.seeds.start, info.seeds + ask.seeds.stop) for ask in asked]
            progress.expect(len(trials), sum(map(len, fresh)))
            seeds = {trial.number: own for trial, own in zip(trials, fresh, strict=True)}
            under_way = Batch(composer, prepared.devices, trials).trained(trainer, seeds)
            ahead.advance()
            done = dict[int, tuple[Trial, MemberRows]]()
            for results in under_way:
                storing.do(partial(_store, writer, results))
                for result in results:
                    progress.advance(result)
                    done[result.trial.number] = result.trial, result.rows
            failed += [trial.levels for trial, rows in done.values() if not rows]
            known |= _outcomes(info, done)
    run.reread(prepared.stored())


def _store(writer: StudyWriter, results: Sequence[TrialResult]) -> None:
    for result in results:
        writer.write(result)


def _outcomes(info: StudyInfo, stored: Stored) -> Outcomes:
    """What came out of those of these trials that tried cures."""
    tried = {number: one for number, one in stored.items() if one[0].phase == CONFIRM}
    return known_of(members_table(tried, info.factors), info.factors, info.seeds)


def _fits(composer: Composer, levels: Mapping[str, Level]) -> bool:
    """Whether a network can be made with these levels."""
    try:
        composer.parts(levels)
    except InputError:
        return False
    return True
