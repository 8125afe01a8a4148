"""What can be done after one configuration was measured?"""

import json
import shlex
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType

from gradstudy.report.command_lines import folded_call, folded_command
from gradstudy.report.terminal.ways_on import way_on

SUSPECTS = {"activation": ("relu", "tanh"), "init": ("default", "orthogonal")}
"""Groups that decide most, and options to set beside the measured one."""


def trial_ways(overrides: Sequence[str], choices: Mapping[str, str]) -> RenderableType:
    """Which command asks what decides it, and how is it measured in a notebook? `choices` are its options by group."""
    command = shlex.join(["python", "-m", "gradstudy", *_study(overrides, choices)])
    call = f"gradstudy.measure({json.dumps(list(overrides), ensure_ascii=False)})"
    return Group(
        way_on("what causes it", command, folded_command(command)),
        way_on("in a notebook", call, folded_call("gradstudy.measure", overrides) if overrides else ""),
    )


def _study(overrides: Sequence[str], choices: Mapping[str, str]) -> list[str]:
    """The study that it was a trial of, or one around it."""
    studies = [override for override in overrides if override.startswith("+study=")]
    if studies:
        return studies
    fixed = [override for override in overrides if override.partition("=")[0].partition(".")[0] not in SUSPECTS]
    levels = {group: dict.fromkeys((choices[group], *others)) for group, others in SUSPECTS.items()}
    return ["name=mine", *fixed, *(f"+space.{group}=choice({','.join(words)})" for group, words in levels.items())]
