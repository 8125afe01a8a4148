"""What a person meant by a word that Hydra's grammar does not read, or reads as several launches."""

import re
from collections.abc import Collection
from pathlib import Path

from gradstudy.configs.grammar import FUNCTIONS, is_closed, with_round_brackets
from gradstudy.configs.launch import MODES
from gradstudy.configs.shipped_keys import shipped_values
from gradstudy.configs.sources import shipped_options
from gradstudy.configs.study_file import OPTION_GROUPS, STUDY_KEYS
from gradstudy.errors import nearest
from gradstudy.parts import STUDIED

FUNCTION = re.compile(rf"\s*({'|'.join(FUNCTIONS)})\s*\(")
BARE = {
    "help": "--help shows what can be set.",
    "version": "pip show gradstudy tells the version.",
    "list": "python -m gradstudy alone lists the studies.",
    "studies": "python -m gradstudy alone lists the studies.",
    "train": "mode=trial trains one configuration, and +study=NAME runs a study.",
    "fit": "mode=trial trains one configuration, and +study=NAME runs a study.",
    "study": "Write +study=NAME.",
    "resume": "The same command again goes on where a study stopped.",
    "continue": "The same command again goes on where a study stopped.",
}
"""Commands of other programs that a person may try."""


def unread_words(word: str, studies: Collection[str]) -> str:
    """What to type in place of a word that is no override, beside these `studies`."""
    key, equals, value = (part.strip() for part in word.partition("="))
    name = key.lstrip("+~")
    if not equals:
        return f"'{word}' is no override, which is key=value. {_bare(name, studies)}"
    if not key:
        return f"There is no key before = in '{word}'. Write key=value, without blanks around the sign."
    if re.search(r"\s$", word.partition("=")[0]):
        return f"There is a blank before = in '{word}'. Write {key}={value}."
    if (mended := with_round_brackets(value)) != value:
        return f"The levels of '{word}' stand in round brackets. Write space.{name}='{mended}'."
    if not is_closed(value):
        return f"In '{word}' a bracket or a quote is not closed. Write the whole in quotes, as '{name}=choice(a, b)'."
    return f"'{word}' is not read. Write key=value, and text with signs as , ( ) [ ] in it as {key}='\"...\"'."


def sweep_words(word: str) -> str:
    """What to type in place of an override of several values, which would be a launch for each."""
    key, _, value = word.partition("=")
    name = key.lstrip("+")
    known = shipped_values(name)
    whole = bool(known) and all(type(one) is int for one in known)
    texts = bool(known) and all(isinstance(one, str | None) for one in known)
    vary = f"space.{name}='{_as_levels(value, whole=whole)}' to vary it in the study"
    thousands, decimal = re.fullmatch(r"\d{1,3}(,000)+", value), re.fullmatch(r"-?\d+,\d+", value)
    ways = (
        (name == "space", f"space.activation='{value}': each factor of space has levels of its own"),
        (whole and thousands, f"{key}={value.replace(',', '')}, without commas"),
        (decimal and any(isinstance(one, float) for one in known), f"{key}={value.replace(',', '.')}, or {vary}"),
        (name == "seed", f"budget.seeds={value.count(',') + 1} to train every trial at that many seeds"),
        (any(isinstance(one, list) for one in known), f"{key}=[{value}], as a list"),
        (texts and not FUNCTION.match(value), f"{key}='\"{value}\"' if this is one text with a comma"),
        (name.partition(".")[0] in STUDIED, f"{vary}; -m launches once per value"),
        (True, f"-m {word} to launch once per value"),
    )
    return f"'{word}' gives several values. Write {next(way for applies, way in ways if applies)}."


def _as_levels(value: str, *, whole: bool) -> str:
    if not FUNCTION.match(value):
        return f"choice({value})"
    return f"int({value})" if whole and re.match(r"\s*(interval|tag)\b", value) else value


def _bare(name: str, studies: Collection[str]) -> str:
    """The override that a word without = was meant to be."""
    colon = name.endswith(":")
    name = name.rstrip(":")
    if name in MODES:
        return f"Write mode={name}."
    if (study := Path(name).stem) in studies:
        return f"Write +study={study}."
    if name in BARE:
        return BARE[name]
    if colon or name.partition(".")[0] in STUDY_KEYS:
        return f"Write {name}=VALUE, without blanks and with = between them."
    chosen = [group for group in OPTION_GROUPS if name in shipped_options(group)]
    return (
        f"Write {chosen[0]}={name}."
        if chosen
        else f"Write +study=NAME to run a study.{nearest(name, [*studies, *MODES])}"
    )
