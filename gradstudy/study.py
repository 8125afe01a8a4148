"""The driver: wires search, training, execution, tracking and analysis into one study.

The driver alone writes. A trial is stored in this order: its record on disk, the search's journal, MLflow; so whatever
moment the driver is killed at, the same command finds what is done and finishes the rest.
"""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from itertools import count, filterfalse
from pathlib import Path

from gradstudy.analysis.cure.confirmation import Confirmation
from gradstudy.analysis.cure.replay import Outcomes, known_of, replay
from gradstudy.analysis.settings import Analysis
from gradstudy.batch import Batch
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.overrides import as_override
from gradstudy.errors import InputError
from gradstudy.execution.executor import Runner
from gradstudy.locking.folder_lock import folder_lock
from gradstudy.locking.hold import Hold
from gradstudy.preparation import Prepared, begun_before, fingerprint_of, no_cures, prepare, study_name
from gradstudy.records import CONFIRM, CONFIRM_FROM, RUNNING, Level, StudyInfo, TrialResult
from gradstudy.report.findings import findings_of
from gradstudy.report.mlflow.ahead import Ahead
from gradstudy.report.mlflow.displays import study_display, trial_display
from gradstudy.report.page_file import check_page_path, write_page, write_report
from gradstudy.report.terminal.console import make_console
from gradstudy.report.terminal.data_table import data_table
from gradstudy.report.terminal.live.progress import Progress
from gradstudy.report.terminal.live.so_far import SoFar
from gradstudy.results import Run
from gradstudy.search.base import Kept
from gradstudy.search.opening import open_search
from gradstudy.search.storage import HELD_IN_DATABASE, claim, open_storage
from gradstudy.tracking.damage import Damaged
from gradstudy.tracking.members_file import Stored, members_table
from gradstudy.tracking.publication import REPORT_FILE, publish
from gradstudy.tracking.reader import StoredStudy, find_study
from gradstudy.tracking.writer import StudyWriter
from gradstudy.words.trial_words import fates


def run_study(overrides: Sequence[str], *, command: str = "") -> Run:
    """Runs a study to the end, or goes on where an earlier launch stopped.

    Args:
        overrides: Those of the command line, such as `["+study=rnn_clip", "budget.trials=32"]`.
        command: How the launch was typed, for the record; made of the overrides by default.

    Returns:
        The stored study: its members, rankings and prescriptions.

    Raises:
        InputError: The launch asks for what cannot be; nothing was written.
        TrackingAway: All is measured and stored on disk, but not yet in MLflow. The same call sends it later.
    """
    with hydra_ready():
        prepared = prepare(overrides, command or shlex.join(["python", "-m", "gradstudy", *overrides]))
        for override in prepared.composer.unvaried:
            _say(f"not varied, as this launch fixes it: {override}")
        if words := begun_before(prepared):
            _say(words)
        if read := data_table(prepared.info.data):
            make_console().print(read)
        database = prepared.launch.search.storage
        storage = open_storage(database, prepared.folder) if database else None  # before a folder is made for nothing
        with _opened(prepared.folder) as hold:
            if storage:
                claim(storage, prepared.folder.name, hold)
            with prepared.launch.execution.start(prepared.devices) as runner:
                _carry_out(prepared, runner, hold, partial(open_search, prepared.search, storage, prepared.folder))
                run = _run_of(_stored(prepared), prepared.launch.analysis)
                ahead = Ahead(run)
                if prepared.info.confirm:
                    _confirm(prepared, runner, hold, run, confirmations=run.confirmations(), ahead=ahead)
            return _published(prepared, run, ahead)


def load_study(name: str, overrides: Sequence[str] = ()) -> Run:
    """Reads a stored study, on any machine that reaches its MLflow store.

    Args:
        name: What it is stored under; of several studies of that name the newest is read.
        overrides: Settings to read it with, such as `["analysis.cap=6"]` or `["tracking.uri=..."]`.

    Returns:
        The stored study: its members, rankings and prescriptions.

    Raises:
        InputError: No study of that name is stored; it says which are.
        TrackingAway: MLflow does not answer.
    """
    with hydra_ready():
        launch = Composer(overrides).launch
    run = _run_of(find_study(name, launch.tracking), launch.analysis)
    if run.progress != RUNNING:  # of one that is running, finding out is a walk over all that it has
        _say(*run.stored.damage())
    return run


def report_study(overrides: Sequence[str]) -> Run:
    """Reads the stored study that these overrides would run; else, with a word about it, the newest of its name.

    Args:
        overrides: Those of the launch; `report=page.html` among them writes its page.

    Returns:
        The stored study: its members, rankings and prescriptions.

    Raises:
        InputError: The overrides make no launch, no study of that name is stored, or its page cannot be written.
        TrackingAway: MLflow does not answer.
    """
    with hydra_ready():
        composer = Composer(overrides)
        launch, name = composer.launch, study_name(composer.launch)
        if launch.report:
            check_page_path(launch.report)
        try:  # also without the data that were trained on, which a fingerprint looks at
            fingerprint = fingerprint_of(composer)
        except InputError:
            fingerprint = ""
    try:
        stored = find_study(name, launch.tracking, fingerprint)
    except Damaged:
        raise
    except InputError:
        stored = find_study(name, launch.tracking)
        _say(f"Not stored with these settings; the newest study of that name, launched as: {stored.info.command}\n")
    run = _run_of(stored, launch.analysis)
    if launch.report:
        run.page = str(write_report(run, launch.report))
    return run


def _say(*sentences: str) -> None:
    for sentence in sentences:
        make_console().print(sentence, markup=False, highlight=False, soft_wrap=True)


def _run_of(stored: StoredStudy, settings: Analysis) -> Run:
    return Run(stored, settings, _try_cures)


def _stored(prepared: Prepared) -> StoredStudy:
    return find_study(prepared.info.name, prepared.launch.tracking, prepared.info.fingerprint)


def _published(prepared: Prepared, run: Run, ahead: Ahead) -> Run:
    """The finished study, its findings stored with it for people to look at."""
    launch = prepared.launch
    shown = study_display(findings_of(run), ahead.files())
    if launch.report:  # first, since MLflow may be away
        run.page = str(write_page(shown.files[REPORT_FILE], launch.report))
    publish(launch.tracking, run.stored.run_id, shown)
    return run


def _carry_out(prepared: Prepared, runner: Runner, hold: Hold, begin: Callable[[Kept], None]) -> None:
    launch, info, search = prepared.launch, prepared.info, prepared.search
    writer = StudyWriter(launch.tracking, info, prepared.folder, partial(trial_display, info), hold)
    _say(*writer.damage)
    stored = writer.stored()
    begin(Kept({number: dict(one.levels) for number, (one, _) in stored.items()}, writer.blocks, _say))
    total = search.total(launch.budget.trials)
    done = {number: found for number, found in stored.items() if number < total}
    with (
        writer,
        Progress(
            info.name,
            total=total,
            seeds=info.seeds,
            workers=launch.execution.count(prepared.devices),
            console=make_console(),
            so_far=SoFar(info, launch.analysis, done),
            done=len(done),
            said=[fate for _, rows in done.values() for fate in fates(rows)],
        ) as progress,
    ):
        for asked in search.batches(launch.budget.trials):
            writer.launched(search.blocks)
            trials = [prepared.composer.trial(*one) for one in asked]
            for trial in trials:
                if trial.number in done:
                    search.tell(trial.number, done[trial.number][1])
            new = tuple(trial for trial in trials if trial.number not in done)
            for result in Batch(prepared.composer, prepared.devices, new).measured(runner, search):
                hold.confirm(HELD_IN_DATABASE)
                writer.write(result)
                search.tell(result.trial.number, result.rows)
                progress.advance(result)


def _confirm(
    prepared: Prepared,
    runner: Runner,
    hold: Hold,
    run: Run,
    *,
    confirmations: Sequence[Confirmation],
    ahead: Ahead,
) -> None:
    """Tries cures: trains and stores what is asked until nothing is, and has the run read it.

    It knows what is stored, as whoever reads the study will, and what waits on disk since MLflow did not answer. A
    trial's number is the first free one in the order of asking, so that in a launch that goes on it has the draws that
    it would have had in an undisturbed one.

    Workers do not wait for what else the driver has to do: while they train a round, it stores what came of the one
    before, and makes a piece of the page. A driver that is killed outright so loses up to a round, seconds of work.
    """
    composer, info, launch = prepared.composer, prepared.info, prepared.launch
    known = dict(run.known)
    if not replay(confirmations, known):
        return
    writer = StudyWriter(launch.tracking, info, prepared.folder, partial(trial_display, info), hold)
    waiting = {number: one for number, one in writer.waiting().items() if one[0].phase == CONFIRM}
    known = {**_outcomes(info, waiting), **known}
    numbers = filterfalse({*run.tried["trial"], *waiting}.__contains__, count(CONFIRM_FROM))
    workers, name = launch.execution.count(prepared.devices), f"{info.name}, trying cures on fresh seeds"
    done: list[TrialResult] = []
    with writer, Progress(name, workers=workers, console=make_console()) as progress:
        try:
            while asked := replay(confirmations, known):
                unfit = [ask for ask in asked if not _fits(composer, ask.levels)]
                if unfit:  # levels that never met in the screen may not go together: who asks for that has ended
                    confirmations = [one for one in confirmations if not any(ask in unfit for ask in one.asks())]
                    continue
                trials = tuple(composer.trial(n, ask.levels, CONFIRM) for ask, n in zip(asked, numbers, strict=False))
                fresh = [range(info.seeds + ask.seeds.start, info.seeds + ask.seeds.stop) for ask in asked]
                progress.expect(len(trials), sum(map(len, fresh)))
                seeds = {trial.number: own for trial, own in zip(trials, fresh, strict=True)}
                under_way = Batch(composer, prepared.devices, trials).trained(runner, seeds)
                _write(writer, done)
                ahead.advance()
                for result in under_way:
                    done.append(result)
                    progress.advance(result)
                known |= _outcomes(info, {result.trial.number: (result.trial, result.rows) for result in done})
        finally:  # also what a round that was stopped had done
            _write(writer, done)
    run.reread(_stored(prepared))


def _write(writer: StudyWriter, results: list[TrialResult]) -> None:
    """Stores these, and takes them off the list."""
    while results:
        writer.write(results.pop(0))


def _outcomes(info: StudyInfo, stored: Stored) -> Outcomes:
    """What came out of these trials that tried cures."""
    return known_of(members_table(stored, info.factors), info.factors, info.seeds)


def _fits(composer: Composer, levels: Mapping[str, Level]) -> bool:
    """Whether a network can be made with these levels."""
    try:
        composer.parts(levels)
    except InputError:
        return False
    return True


def _try_cures(run: Run, confirmations: Sequence[Confirmation]) -> None:
    """Tries cures of a stored study on this machine: its launch is composed again, and has to be the same study."""
    with hydra_ready():
        prepared = prepare(_launched_again(run), run.info.command)
        if prepared.info.fingerprint != run.info.fingerprint:
            raise InputError(
                f"Cures are tried by the study's own launch, '{run.info.command}', and that makes another study now: "
                "its file, its data, a level's meaning or gradstudy has changed. Run it again, and prescribe by that."
            )
        if reason := no_cures(prepared.launch):
            raise InputError(f"Of cures, {reason}.")
        with _opened(prepared.folder) as hold:
            with prepared.launch.execution.start(prepared.devices) as runner:
                ahead = Ahead(run)
                _confirm(prepared, runner, hold, run, confirmations=confirmations, ahead=ahead)
            _published(prepared, run, ahead)


OF_ITS_OWN = ("mode=", "report=", "confirm", "tracking.uri=", "search.storage=")
"""What a trial of cures does not take from the study's launch: it stores where the study is, and searches nothing."""


def _launched_again(run: Run) -> list[str]:
    """The overrides of the study's newest launch, with the store and the settings that it was read with."""
    words = shlex.split(run.info.command)
    words = words[words.index("gradstudy") + 1 :] if "gradstudy" in words else ["-"]
    if flags := [word for word in words if word.lstrip("+").startswith(("-", "allow"))]:  # nor is foreign code allowed
        raise InputError(
            f"Cures are tried by the study's own launch, which cannot be composed again from '{run.info.command}' "
            f"(because of {flags[0]}). Give that command once more, with confirm.cures=3."
        )
    asked = [word for word in words if not word.lstrip("+").startswith(OF_ITS_OWN)]
    settings = [as_override(f"analysis.{name}", value) for name, value in asdict(run.settings).items()]
    confirm = [as_override(f"confirm.{name}", value) for name, value in run.confirm.items()]
    return [*asked, as_override("tracking.uri", run.stored.uri), *settings, *confirm]


@contextmanager
def _opened(folder: Path) -> Iterator[Hold]:
    """The study's own folder, held by this driver alone, and what it holds beside: the study in its stores."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "not writable")
    except OSError as error:
        raise InputError(
            f"The study keeps its journal in {folder.absolute()}, which cannot be written: {error.strerror}. "
            "Run it in a folder of your own."
        ) from error
    with folder_lock(folder), Hold(_say) as hold:
        yield hold
