"""The thresholds and the budget of the analysis."""

from dataclasses import dataclass

from gradstudy.errors import nearest
from gradstudy.parts import Part, number

RESPONSES = ("vanishing", "exploding", "gain", "gain_init", "rate", "clipped", "learned")
TIME = "time_to_divergence"
RANKED = (*RESPONSES, TIME)
"""What can be ranked: the responses that every member has, and a time that only a diverged one has."""


@dataclass(frozen=True)
class Analysis(Part):
    """Where do responses end, when is a verdict given, and how sure must a ranking be?

    `cap` ends `vanishing`, `exploding` and `learned` (decades); `vanishing` and `exploding` are the verdict's
    thresholds (decades); `first_steps` is how many steps the gradient norm's reference is taken over; `confidence` is
    the coverage of every interval and, as its complement, the level of every test; `draws` counts posterior draws.
    `negligible` is the share of the variance below which a factor is said to have no effect; `healthy` is the chance
    from which a change is prescribed; `power` is how often an effect must be found for a plan to say that it can be.
    `responses` are those that a launch ends with a ranking of.
    """

    cap: float = number(10.0, above=0.0, at_most=300.0)
    vanishing: float = number(3.0, above=0.0)
    exploding: float = number(2.0, above=0.0)
    first_steps: int = number(10, at_least=1)
    confidence: float = number(0.95, above=0.0, below=1.0)
    draws: int = number(256, at_least=32)
    negligible: float = number(0.05, above=0.0, below=1.0)
    healthy: float = number(0.8, above=0.0, below=1.0)
    power: float = number(0.8, above=0.0, below=1.0)
    responses: tuple[str, ...] = ("vanishing", "exploding")

    def __post_init__(self) -> None:
        super().__post_init__()
        for response in self.responses:
            if response not in RANKED:
                raise ValueError(
                    f"responses must be some of {', '.join(RANKED)}, got {response!r}.{nearest(response, RANKED)}"
                )
        if self.cap < max(self.vanishing, self.exploding):
            raise ValueError(
                f"cap must not lie below the thresholds vanishing={self.vanishing:g} and exploding={self.exploding:g}, "
                f"or no member could reach them, got {self.cap:g}"
            )


DEFAULTS = Analysis()


UNITS = {
    "vanishing": "decades",
    "exploding": "decades",
    "gain": "decades",
    "gain_init": "decades",
    "rate": "decades per place",
    "clipped": "share of steps",
    "learned": "decades",
}
RANKED_UNITS = {**UNITS, "time_to_divergence": "steps"}
"""Of what can be ranked: a time to divergence is no number of one member, which may never diverge."""
