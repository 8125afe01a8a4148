"""The study that would show what is the matter: around one configuration, over what is suspected."""

from collections.abc import Collection, Mapping, Sequence

from gradstudy.report.diagnosis.suspects.suspect import Suspect, options

DECIDE_MOST = {"activation": ("relu", "tanh"), "init": ("default", "orthogonal")}
"""Groups that decide most, and options to set beside the measured one, where too little is suspected."""
FEWEST_FACTORS, MOST_FACTORS = 2, 4
"""Factors of a study that is suggested: one is a comparison, and of more each gets few trials."""
OF_ONE = ("mode", "trial", "name")
"""Keys that say what is done with one configuration."""


ASIDE = ("mode=", "report=", "++space")
"""Overrides that say nothing of the network."""


def asked(overrides: Sequence[str]) -> list[str]:
    """The overrides that make the network, as another command may repeat them."""
    return [override for override in overrides if not override.startswith(ASIDE)]


def suggested_study(
    overrides: Sequence[str],
    choices: Mapping[str, str],
    suspects: Sequence[Suspect] = (),
    own_factors: Collection[str] = (),
) -> list[str]:
    """The overrides of a study that varies the suspects and keeps what was given; what it varies is given no more.

    `overrides` are those of the configuration, `choices` its options by group. Of a study's trial it is that study,
    which varies its `own_factors`, with the suspects beside them.
    """
    space: dict[str, str] = {}
    for suspect in suspects:  # where two would vary one factor, the more telling one does
        space |= {name: levels for name, levels in suspect.space.items() if name not in (*space, *own_factors)}
    usual = iter(DECIDE_MOST.items())
    while not own_factors and len(space) < FEWEST_FACTORS:
        group, others = next(usual)
        space.setdefault(group, options(choices[group], *others))
    varied = dict(list(space.items())[:MOST_FACTORS])
    fixed = [override for override in overrides if _key(override) not in (*varied, *own_factors, *OF_ONE)]
    is_that_study = own_factors and not varied and all(_key(override) == "study" for override in fixed)
    named = [] if is_that_study else ["name=mine"]
    return [*named, *fixed, *(f"+space.{name}={levels}" for name, levels in varied.items())]


def _key(override: str) -> str:
    """What an override sets: `lr.value` of `+lr.value=0.1`."""
    return override.partition("=")[0].lstrip("+~")
