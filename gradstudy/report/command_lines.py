"""How is a command or an address shown so that it can be copied from a page?"""

import json
import shlex
from collections.abc import Sequence

WIDTH = 80


def folded_command(command: str) -> str:
    """A command over several lines that a shell reads as one."""
    return _folded([shlex.quote(word) for word in shlex.split(command)], " \\\n")


def folded_call(function: str, words: Sequence[str]) -> str:
    """A call of a function with a list of words, over several lines that Python reads as one."""
    first, *others = (json.dumps(word, ensure_ascii=False) for word in words)
    return _folded([f"{word}," for word in (f"{function}([{first}", *others)], "\n").removesuffix(",") + "])"


def _folded(words: Sequence[str], continued: str) -> str:
    first, *others = words
    lines = [f"  {first}"]
    for word in others:
        if len(lines[-1]) + len(word) + len(continued) < WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f"    {word}")
    return continued.join(lines)
