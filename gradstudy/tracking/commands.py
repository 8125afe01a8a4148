"""What does a person type to see a stored study again, or to run one of its trials?"""

import json
import shlex
from collections.abc import Iterator
from itertools import pairwise

from gradstudy.records import StudyInfo, Trial


def again_command(info: StudyInfo) -> str:
    """What prints the findings of this study once more, in a terminal?"""
    return f"{info.command} mode=report"


def load_call(info: StudyInfo) -> str:
    """What reads this study in a notebook?"""
    return f"gradstudy.load_study({json.dumps(info.name, ensure_ascii=False)})"


def trial_command(info: StudyInfo, trial: Trial) -> str:
    """What runs this trial again by itself? The study of the launch, then the trial's overrides."""
    return shlex.join(["python", "-m", "gradstudy", *_study_choice(info.command), "mode=trial", *trial.overrides])


def _study_choice(command: str) -> Iterator[str]:
    """The words of a launch that say which study it is and in which folder it is found."""
    words = _words(command)
    for word, following in pairwise([*words, ""]):
        if word.startswith(("+study=", "--config-dir=")):
            yield word
        elif word in ("--config-dir", "-cd"):
            yield from (word, following)


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # not typed in a shell: a quotation mark may stand alone
        return command.split()
