"""The door: Hydra composes, one call carries out what `mode` asks for, and what a person reads is printed."""

import atexit
import gc
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from gradstudy.configs.command_line import check_command_line
from gradstudy.configs.composition import base_config
from gradstudy.configs.explain import COMPOSING_FAILED, CONFIG_ERRORS, explain, forcing
from gradstudy.configs.launch import mode_of
from gradstudy.configs.sources import shipped
from gradstudy.configs.studies import find_studies, register_studies
from gradstudy.configs.typed import check_flags, understood
from gradstudy.errors import InputError, Stopped, TrackingAway
from gradstudy.execution.fork_server import started_early
from gradstudy.masking import mask_output
from gradstudy.references import keep_secrets
from gradstudy.report.terminal.console import make_console
from gradstudy.stopping import raising
from gradstudy.unforeseen import forget_the_reader, unforeseen

WRONG_INPUT, NOT_SYNCED, UNFORESEEN, OF_SIGNALS, NO_READER = 2, 3, 70, 128, 141


def main() -> None:
    """`python -m gradstudy`: runs Hydra and ends with one message and an exit code, whatever it was asked for."""
    mask_output()
    atexit.register(gc.freeze)  # else Python looks through all that was imported for garbage at the end, for a second
    arguments = sys.argv[1:] = keep_secrets(sys.argv[1:])
    command = shlex.join(["python", "-m", "gradstudy", *arguments])
    with_traceback = "HYDRA_FULL_ERROR" in os.environ
    try:
        _answer(arguments, command)
        sys.stdout.flush()
    except InputError as error:
        if with_traceback:
            raise
        _end(WRONG_INPUT, error)
    except TrackingAway as error:
        _end(NOT_SYNCED, error)
    except KeyboardInterrupt as error:
        stop = error if isinstance(error, Stopped) else Stopped(signal.SIGINT)
        _end(OF_SIGNALS + stop.number, f"{stop}. Everything finished so far is stored; go on with: {command}")
    except BrokenPipeError:
        forget_the_reader()
        sys.exit(NO_READER)
    except Exception as error:
        if with_traceback:
            raise
        _end(UNFORESEEN, unforeseen(error, command))


def _answer(arguments: Sequence[str], command: str) -> None:
    check_command_line(arguments)
    check_flags(arguments)
    register_studies(find_studies(_config_folders(arguments)).values())
    try:
        forcing(understood(arguments), lambda words: _under_hydra(words, lambda config: _carry_out(config, command)))
    except CONFIG_ERRORS as error:
        raise InputError(explain(error, base_config())) from error


def _under_hydra(words: Sequence[str], task: Callable[[DictConfig], None]) -> None:
    """Runs the task in Hydra's application, on the command line of these words.

    What it raises passes by Hydra, which would print a line of its own.
    """
    sys.argv[1:] = words
    failures: list[Exception] = []

    @hydra.main(version_base="1.3", config_path=str(shipped("conf")), config_name="config")
    def application(config: DictConfig) -> None:
        try:
            task(config)
        except Exception as error:
            failures.append(error)

    with _raising():
        try:
            application()
        except COMPOSING_FAILED as error:
            raise InputError(f"The configuration cannot be composed: {error}") from error
    if failures:
        raise failures[0]


@contextmanager
def _raising() -> Iterator[None]:
    """Inside, Hydra raises the errors that it would print, so that the message can be ours."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        os.environ.pop("HYDRA_FULL_ERROR")
        if before is not None:
            os.environ["HYDRA_FULL_ERROR"] = before


def _carry_out(config: DictConfig, command: str) -> None:
    overrides, mode = list(HydraConfig.get().overrides.task), mode_of(config.mode)
    if config.name is not None or overrides:
        forks = HydraConfig.get().runtime.choices.get("execution") == "processes"
        with started_early() if forks and mode == "run" else nullcontext():
            print_mode(mode, overrides, command, page=config.report)
        return
    from gradstudy.report.terminal.study.study_list import study_list

    make_console().print(study_list([*find_studies(_config_folders(sys.argv[1:])).values()]))


def print_mode(mode: str, overrides: Sequence[str], command: str = "", page: object = None) -> None:
    """Carries out what `mode` asks for, with these overrides of the command line, and prints what a person reads.

    `page` is where one of them asks for a report too, which studies find there themselves.
    """
    show = make_console().print
    match mode:  # with imports of its own each: PyTorch, MLflow and Optuna take seconds
        case "plan":
            with _keeping():
                from gradstudy.planning import plan_study
                from gradstudy.preparation import prepare
                from gradstudy.report.terminal.plan_page import plan_page

                planned = plan_study(prepare(overrides, command))
            show(plan_page(planned))
        case "trial":
            with _keeping():
                from gradstudy.measurement import measure
                from gradstudy.report.terminal.trial.flow_page import flow_page

                if isinstance(page, str):  # what is no path, measuring refuses
                    from gradstudy.report.page_file import write_report
                    from gradstudy.report.page_path import check_page_path

                    check_page_path(Path(page))
            measured = measure(overrides)
            show(flow_page(measured, str(write_report(measured, page)) if isinstance(page, str) else ""))
        case _:  # run or report
            with _keeping():
                from gradstudy.report.findings import findings_of
                from gradstudy.report.terminal.study.summary import summary
                from gradstudy.study import report_study, run_study

            if mode == "report":
                run = report_study(overrides)
            else:
                with raising():
                    run = run_study(overrides, command=command)
            show(summary(findings_of(run)))


@contextmanager
def _keeping() -> Iterator[None]:
    """Inside, modules are imported or trials prepared, a fifth or a tenth faster as nobody looks for garbage: what is
    made stays, and is left out of later looks too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _end(code: int, message: object) -> NoReturn:
    with suppress(OSError):  # nobody may be there to read it
        print("gradstudy:", *(line.strip() for line in str(message).splitlines()), file=sys.stderr)  # in one line
    sys.exit(code)


def _config_folders(arguments: Sequence[str]) -> list[str]:
    """The folders given by --config-dir (or -cd), which may hold a person's own studies."""
    folders = []
    for flag, following in pairwise([*arguments, ""]):
        name, equals, value = flag.partition("=")
        if name in ("--config-dir", "-cd"):
            folders.append(value if equals else following)
    return folders
