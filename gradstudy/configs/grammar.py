"""The sweep grammar: an entry of a study's space, as a factor.

The grammar is Hydra's own (hydra.cc, "Extended Override syntax"), read by hydra-core's public parser, so that a space
is written as a Hydra sweep is.
"""

import re
from collections.abc import Callable, Sequence
from math import ceil, isfinite
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, IntervalSweep, QuotedString, RangeSweep
from hydra.errors import HydraException

from gradstudy.errors import InputError, nearest
from gradstudy.records import Factor, Level

FORMS = "choice(a, b), interval(1, 3), int(interval(32, 512)), tag(log, interval(1e-4, 1)) or range(1, 9, step=2)"
FUNCTIONS = ("choice", "interval", "range", "tag", "int", "float", "str", "bool", "sort", "shuffle")
OTHER_FORMS = {
    "choice": "categorical one_of oneof choose pick sample values suggest_categorical",
    "interval": "uniform float_uniform suggest_float suggest_uniform between",
    "int(interval": "randint int_uniform integer suggest_int quniform",
    "tag(log, interval": "log loguniform log_uniform reciprocal logspace suggest_loguniform",
    "range": "arange linspace",
}
"""What other libraries call the forms, by how the form begins."""

LARGEST_INTEGER, NARROWEST = 1_000_000_000, 1e-6
"""How far whole numbers may reach, and the least width of an interval for its size: values are told in six digits."""

BEYOND_NUMBERS = 1e300
"""Beyond every number that a network could hold."""

LONGEST_ENTRY, LONGEST_LEVEL = 20_000, 500
"""Letters of an entry, and of a level: MLflow takes params of 6,000."""

MOST_LEVELS = 1000
"""A range with more steps than this is a slip, and would be written out one by one."""


def parse_factor(name: str, text: Any, called: Callable[[Any], Any] = lambda level: level) -> Factor:
    """The factor that an entry of a space describes; InputError for what is not in the grammar, or varies nothing.

    A choice of one level is a factor of one level: a value that is fixed where it lives. `called` says what a level is
    called that has other names too.

    The order of levels means nothing to a design, so `sort` and `shuffle` are accepted and change nothing.
    """
    if isinstance(text, str) and text.strip() in FUNCTIONS:
        eaten = "takes its levels in brackets, which a shell takes away where they are not quoted"
        raise InputError(f"space.{name}: {text.strip()} {eaten}. Write space.{name}='{text.strip()}(...)'.")
    try:
        whole = f"factor={text.strip()}" if isinstance(text, str) else None  # a YAML list or number is none
        if whole and len(whole) > LONGEST_ENTRY:
            raise ValueError(f"an entry may have {LONGEST_ENTRY:,} letters, got {len(whole):,}.")
        return _factor(name, OverridesParser.create().parse_override(whole).value() if whole else text, called)
    except HydraException as error:
        raise InputError(f"space.{name}: {_why_unreadable(text, str(error))}") from error
    except RecursionError as error:
        raise InputError(f"space.{name}: brackets within brackets without end; write {FORMS}.") from error
    except (ValueError, OverflowError) as error:
        raise InputError(f"space.{name}: {error}") from error


def _why_unreadable(text: str, complaint: str) -> str:
    if "NoneType is incompatible" in complaint:
        return f"null cannot be a level, got {text!r}: to switch something off, choose the option none of its group."
    mended = _as_here(re.sub(r",\s*(?=[)\]]|$)", "", with_round_brackets(text)))
    if mended != text and is_closed(mended):
        return f"{text!r} is not read. Write {mended}."
    if not is_closed(text):
        return f"a bracket or a quote is not closed in {text!r}. It must be written as {FORMS}."
    unknown = [word for word in re.findall(r"(\w+)\(", text) if word not in FUNCTIONS]
    hint = nearest(unknown[0], FUNCTIONS) if unknown else ""
    evaluated = re.search(r"while evaluating '.*?': (.*)", complaint)  # else a lexer's words, which say nothing here
    return f"must be written as {FORMS}, got {text!r}{f' ({evaluated[1]})' if evaluated else ''}.{hint}"


def with_round_brackets(text: str) -> str:
    """The text, `choice[a, b]` and `choice{a, b}` in it written as `choice(a, b)`."""
    return re.sub(rf"\b({'|'.join(FUNCTIONS)})\s*[\[{{](.*)[\]}}]", r"\1(\2)", text)


def is_closed(text: str) -> bool:
    """Whether every bracket and quote of the text ends."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", text)
    return not set("'\"") & set(bare) and all(bare.count(a) == bare.count(b) for a, b in ("()", "[]", "{}"))


def _as_here(text: str) -> str:
    """The text, a form of another library in it written as here."""
    call = re.fullmatch(r"\s*(?:\w+\.)?(?P<name>\w+)\s*\((?P<levels>.*)\)\s*", text, re.DOTALL)
    for form, names in OTHER_FORMS.items():
        if call and call["name"].lower() in names.split():
            return f"{form}({call['levels']}){')' * form.count('(')}"
    return text


def _factor(name: str, sweep: Any, called: Callable[[Any], Any]) -> Factor:
    levels: list[Any]
    match sweep:
        case IntervalSweep():
            return _interval(name, sweep)
        case ChoiceSweep():
            levels = [item.text if isinstance(item, QuotedString) else item for item in sweep.list]
        case RangeSweep():
            levels = list(_steps(sweep))
        case Glob():
            raise ValueError("glob says nothing about what is varied; name the options, as in choice(tanh, relu).")
        case list():
            raise ValueError(f"must be text in the sweep grammar, got a list; write choice({_listed(sweep)}).")
        case None | dict():
            raise ValueError(f"must be written as {FORMS}, got {sweep!r}.")
        case _:
            levels = [sweep]
    if getattr(sweep, "tags", None):
        raise ValueError(f"a tag belongs to an interval, as in tag(log, interval(1e-4, 1)), got {_listed(levels)}.")
    return Factor(
        name, levels=_checked(name, [*map(called, levels)], fewest=1 if isinstance(sweep, ChoiceSweep) else 2)
    )


def _interval(name: str, sweep: IntervalSweep) -> Factor:
    low, high = sweep.start, sweep.end
    assert low is not None, "the parser refuses an interval without its ends"
    assert high is not None, "the parser refuses an interval without its ends"
    for tag in sorted(sweep.tags - {"log"}):
        raise ValueError(f"the only tag is log, as in tag(log, interval(1e-4, 1)), got {tag!r}.{nearest(tag, ['log'])}")
    if isinstance(low, int) and max(abs(low), abs(high)) > LARGEST_INTEGER:
        raise ValueError(f"whole numbers reach to {LARGEST_INTEGER:,}, got {_spelled(low)} and {_spelled(high)}.")
    if not isfinite(high - low):
        raise ValueError(f"an interval must have finite bounds, got {_spelled(low)} and {_spelled(high)}.")
    if low == high:
        raise ValueError(_nothing_varies(name, low))
    if low > high:
        raise ValueError(f"an interval must go from low to high, got {_spelled(low)} and {_spelled(high)}; swap them.")
    if sweep.tags and low <= 0:
        way_out = "raise it, or leave out tag(log, ...)"
        raise ValueError(f"a log interval must begin above 0, got {_spelled(low)}; {way_out}.")
    if not isinstance(low, int) and (high - low) <= NARROWEST * max(abs(low), abs(high)):
        raise ValueError(f"an interval must be wider than rounding, got {low!r} and {high!r}.")
    return Factor(name, low=float(low), high=float(high), log="log" in sweep.tags, integer=isinstance(low, int))


def _steps(sweep: RangeSweep) -> Sequence[int] | list[float]:
    start, stop, step = sweep.start, sweep.stop, sweep.step
    assert start is not None, "the parser begins a range at 0"
    assert stop is not None, "the parser refuses a range without its stop"
    said = f"range({start}, {stop}, step={step})"
    if not all(isfinite(number) for number in (start, stop, step)) or step == 0:
        raise ValueError(f"a range must have finite ends and a step other than 0, got {said}.")
    count = ceil((stop - start) / step - 1e-9)  # a stop that is reached but for rounding is still left out
    if count < 1:
        raise ValueError(f"{said} is empty: a range goes from its start towards its stop, which is left out.")
    if count > MOST_LEVELS:
        raise ValueError(f"{said} has more than {MOST_LEVELS} levels; write int(interval({_listed([start, stop])})).")
    if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int):
        return range(start, stop, step)
    return [float(f"{start + index * step:.12g}") for index in range(count)]


def _checked(name: str, levels: Sequence[Any], *, fewest: int) -> tuple[Level, ...]:
    kinds = {_kind(level): level for level in levels}
    if len(kinds) > 1:
        mixed = " and ".join(f"{_spelled(level)} ({kind})" for kind, level in kinds.items())
        raise ValueError(f"levels must be all words, all numbers or all true or false, got {mixed}.")
    if any(isinstance(level, int | float) and not abs(level) < BEYOND_NUMBERS for level in levels):
        raise ValueError(f"levels must be finite, got {_listed(levels)[:200]}.")
    for level in levels:
        if isinstance(level, str) and (len(level) > LONGEST_LEVEL or "${" in level):
            raise ValueError(f"a level is at most {LONGEST_LEVEL} letters, and no reference, got {level[:60]!r}.")
    if len(levels) < fewest:
        raise ValueError(_nothing_varies(name, levels[0]))
    twice = [level for index, level in enumerate(levels) if level in levels[:index]]
    if twice:
        raise ValueError(f"every level must be named once, got {_spelled(twice[0])} twice; take one away.")
    return tuple(levels)


def _kind(level: Any) -> str:
    for kind, types in (("true or false", bool), ("a number", (int, float)), ("a word", str)):
        if isinstance(level, types):
            return kind
    raise ValueError(f"a level must be a word, a number, true or false, got {type(level).__name__}; write {FORMS}.")


def _nothing_varies(name: str, level: Any) -> str:
    value = _spelled(level)
    return f"at least two levels are required, got {value}; take the entry out of the space and fix it: {name}={value}"


def _listed(levels: Sequence[Any]) -> str:
    return ", ".join(_spelled(level) for level in levels)


def _spelled(level: Any) -> str:
    """A level as it is written in the grammar."""
    if isinstance(level, float):
        return f"{level:.12g}"
    return str(level).lower() if isinstance(level, bool) else str(level)
