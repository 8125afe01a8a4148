"""How commands are written so that they can be copied, and which of them show a study or a trial again."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gradstudy.masking import masked
from gradstudy.records import StudyInfo, Trial
from gradstudy.references import referring

LINE_WIDTH = 80


def folded_command(command: str) -> str:
    """A command over several lines that a shell reads as one."""
    return _folded([_quoted(word) for word in shlex.split(command)], " \\\n")


def _quoted(word: str) -> str:
    """As a shell reads it; a word that is a variable is its value there."""
    return f'"{word}"' if re.fullmatch(r"\$[A-Z_][A-Z0-9_]*", word) else shlex.quote(word)


def without_secrets(command: str) -> str:
    """The command with a variable of the environment in place of every secret, as it may be shown and stored."""
    try:
        words = shlex.split(command)
    except ValueError:  # not typed in a shell: a quotation mark may stand alone
        return masked(command)
    named = referring(words)
    return command if named == words else shlex.join(named)


def folded_call(function: str, words: Sequence[str]) -> str:
    """A call of a function with a list of words, over several lines that Python reads as one."""
    first, *others = (json.dumps(word, ensure_ascii=False) for word in words)
    return _folded([f"{word}," for word in (f"{function}([{first}", *others)], "\n").removesuffix(",") + "])"


def _folded(words: Sequence[str], continued: str) -> str:
    first, *others = words
    lines = [f"  {first}"]
    for word in others:
        if len(lines[-1]) + len(word) + len(continued) < LINE_WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f"    {word}")
    return continued.join(lines)


def again_command(info: StudyInfo) -> str:
    """The command that prints the findings of this study once more."""
    return f"{info.command} mode=report"


def load_call(info: StudyInfo) -> str:
    """The call that reads this study in a notebook."""
    return f"gradstudy.load_study({json.dumps(info.name, ensure_ascii=False)})"


def trial_command(info: StudyInfo, trial: Trial) -> str:
    """The command that runs this trial again by itself: the study of the launch, then the trial's overrides."""
    return shlex.join(["python", "-m", "gradstudy", *_study_choice(info.command), "mode=trial", *trial.overrides])


def _study_choice(command: str) -> Iterator[str]:
    """The words of a launch that say which study it is and in which folder it is found."""
    try:
        words = shlex.split(command)
    except ValueError:  # not typed in a shell: a quotation mark may stand alone
        words = command.split()
    for word, following in pairwise([*words, ""]):
        if word.startswith(("+study=", "--config-dir=")):
            yield word
        elif word in ("--config-dir", "-cd"):
            yield from (word, following)
