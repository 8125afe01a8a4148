"""The driver: wires search, training, execution, tracking and analysis into one study.

The driver alone writes. A trial is stored in this order: its record on disk, MLflow, the search's journal; so whatever
moment the driver is killed at, the same command finds what is done and finishes the rest.
"""

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from gradstudy.analysis.cure.confirmation import Confirmation
from gradstudy.analysis.settings import Analysis
from gradstudy.batch import Batch
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.overrides import as_override
from gradstudy.confirming import confirm
from gradstudy.disk import beginning, check_room
from gradstudy.errors import InputError
from gradstudy.execution.trainer import Trainer
from gradstudy.locking.folder_lock import folder_lock
from gradstudy.locking.hold import Hold
from gradstudy.preparation import Prepared, begun_before, fingerprint_of, no_cures, prepare, study_name
from gradstudy.records import CONFIRM, RUNNING, TrialResult
from gradstudy.report.findings import findings_of
from gradstudy.report.mlflow.ahead import Ahead
from gradstudy.report.mlflow.displays import study_display, trial_display
from gradstudy.report.page_file import write_page, write_report
from gradstudy.report.page_path import check_page_path
from gradstudy.report.terminal.console import make_console
from gradstudy.report.terminal.data_table import data_table
from gradstudy.report.terminal.live.progress import Progress
from gradstudy.report.terminal.live.so_far import SoFar
from gradstudy.results import Run
from gradstudy.search.base import Kept
from gradstudy.search.opening import open_search
from gradstudy.search.storage import HELD_IN_DATABASE, claim, open_storage, reachable
from gradstudy.storing import Storing
from gradstudy.tracking.damage import Damaged
from gradstudy.tracking.members_file import Stored
from gradstudy.tracking.publication import REPORT_FILE, publish
from gradstudy.tracking.reader import StoredStudy, find_study
from gradstudy.tracking.writer import StudyWriter
from gradstudy.words.failure_words import none_trained
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
                trainer = Trainer(runner)
                with reachable(database):
                    _carry_out(prepared, trainer, hold, partial(open_search, prepared.search, storage, prepared.folder))
                run = _run_of(prepared.stored(), prepared.launch.analysis)
                ahead = Ahead(run)
                if prepared.info.confirm:
                    confirm(prepared, trainer, hold, run, confirmations=run.confirmations(), ahead=ahead)
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
        if not fingerprint:
            _say(f"The data of this launch cannot be read; the newest study of that name: {stored.info.command}\n")
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


def _published(prepared: Prepared, run: Run, ahead: Ahead) -> Run:
    """The finished study, its findings stored with it for people to look at."""
    launch = prepared.launch
    shown = study_display(findings_of(run), ahead.files())
    try:
        if launch.report:  # first, since MLflow may be away
            run.page = str(write_page(shown.files[REPORT_FILE], launch.report))
    finally:  # also where there is no room for it
        publish(launch.tracking, run.stored.run_id, shown)
    return run


def _carry_out(prepared: Prepared, trainer: Trainer, hold: Hold, begin: Callable[[Kept], None]) -> None:
    launch, info, search = prepared.launch, prepared.info, prepared.search
    with StudyWriter(launch.tracking, info, prepared.folder, partial(trial_display, info), hold) as writer:
        _say(*writer.damage)
        stored = writer.stored()
        searched = {number: dict(one.levels) for number, (one, _) in stored.items() if one.phase != CONFIRM}
        with beginning():
            begin(Kept(searched, writer.blocks, _say))
        total = search.total(launch.budget.trials)
        done = {n: (trial, rows) for n, (trial, rows) in stored.items() if n < total and (rows or not launch.retry)}
        progress = Progress(
            info.name,
            total=total,
            seeds=info.seeds,
            workers=launch.execution.count(prepared.devices),
            console=make_console(),
            so_far=SoFar(info, launch.analysis, done),
            done=len(done),
            failed=sum(not rows for _, rows in done.values()),
            said=[fate for _, rows in done.values() for fate in fates(rows)],
        )
        with progress, Storing() as storing:

            def store(results: list[TrialResult]) -> None:
                for result in results:
                    writer.write(result)
                    progress.advance(result)
                hold.confirm(HELD_IN_DATABASE)  # behind storing, which needs no database; the search is told next
                for result in results:
                    search.tell(result.trial.number, result.rows)

            storing.do(writer.open)
            for results in _searched(prepared, trainer, storing, writer, done):
                storing.do(partial(store, results))


def _searched(
    prepared: Prepared, trainer: Trainer, storing: Storing, writer: StudyWriter, done: Stored
) -> Iterator[list[TrialResult]]:
    """Asks for all trials and trains those that are not done; hands them out to be stored, and asks for more behind it.

    As long as all have failed none is handed out: what is wrong then is no single trial, and InputError says so.
    """
    search, new, works = prepared.search, list[TrialResult](), any(rows for _, rows in done.values())
    for asked in search.batches(prepared.launch.budget.trials):
        storing.do(partial(writer.launched, search.blocks))
        trials = [prepared.composer.trial(*one) for one in asked]
        for trial in trials:
            if trial.number in done:
                search.tell(trial.number, done[trial.number][1])
        missing = tuple(trial for trial in trials if trial.number not in done)
        for results in Batch(prepared.composer, prepared.devices, missing).measured(trainer, search):
            new += results
            works = works or not all(result.failure for result in results)
            if works:
                yield new
                new = []
        storing.wait()
    if new:
        raise InputError(none_trained(new))


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
                confirm(prepared, Trainer(runner), hold, run, confirmations=confirmations, ahead=ahead)
            _published(prepared, run, ahead)


LEAST_ROOM = 100_000
"""Bytes without which it is not worth beginning: some thousand lines of a journal, and a trial's record or two."""

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
        check_room(folder.absolute(), LEAST_ROOM)
    except OSError as error:
        raise InputError(
            f"The study keeps its journal in {folder.absolute()}, which cannot be written: {error.strerror}. "
            "Run it in a folder of your own."
        ) from error
    with folder_lock(folder), Hold(_say) as hold:
        yield hold
