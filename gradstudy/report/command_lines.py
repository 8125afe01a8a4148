"""How is a command or an address shown so that it can be copied from a page?"""

import json
import shlex
from collections.abc import Sequence

from rich.text import Text

from gradstudy.records import StudyInfo
from gradstudy.report.plain import whole_text

WIDTH = 80
LABEL = 16
"""Characters for what a way on is about."""


def again_command(info: StudyInfo) -> str:
    """What prints the findings of this study once more, in a terminal?"""
    return f"{info.command} mode=report"


def load_call(info: StudyInfo) -> str:
    """What reads this study in a notebook?"""
    return f"gradstudy.load_study({json.dumps(info.name, ensure_ascii=False)})"


def folded_command(command: str) -> str:
    """A command over several lines that a shell reads as one."""
    return _folded([shlex.quote(word) for word in shlex.split(command)], " \\\n")


def folded_call(function: str, words: Sequence[str]) -> str:
    """A call of a function with a list of words, over several lines that Python reads as one."""
    first, *others = (json.dumps(word, ensure_ascii=False) for word in words)
    return _folded([f"{word}," for word in (f"{function}([{first}", *others)], "\n").removesuffix(",") + "])"


def way_on(about: str, words: str, folded: str = "") -> Text:
    """What to type, or where to look: on the line of what it is about, or `folded` below it where it is longer."""
    line = f"{about:<{LABEL}}{words}"
    return whole_text(line if len(line) <= WIDTH else f"{about}\n{folded or f'  {words}'}")


def _folded(words: Sequence[str], continued: str) -> str:
    first, *others = words
    lines = [f"  {first}"]
    for word in others:
        if len(lines[-1]) + len(word) + len(continued) < WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f"    {word}")
    return continued.join(lines)
