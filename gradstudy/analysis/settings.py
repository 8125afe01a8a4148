"""The thresholds and the budget of the analysis."""

from dataclasses import asdict, dataclass

from gradstudy.errors import nearest
from gradstudy.parts import Part, number
from gradstudy.response import RANKED


@dataclass(frozen=True)
class Analysis(Part, group="analysis"):
    """Where responses end, when a verdict is given, and how sure a ranking must be.

    `cap` ends `vanishing`, `exploding` and `loss_drop` (decades); `vanishing` and `exploding` are the verdict's
    thresholds (decades); `first_steps` is how many steps the gradient norm's reference is taken over; `learned` is the
    share of the way from the baseline's loss to 0 from which a member is said to have learned; `confidence` is the
    coverage of every interval and, as its complement, the level of every test; `draws` counts posterior draws.
    `negligible` is the share of the variance below which a factor is said to have no effect, and `negligible_decades`
    what a response in decades must move by, over all trials, to have causes at all; `healthy` is the chance
    from which a change is prescribed; `power` is how often an effect must be found for a plan to say that it can be.
    `responses` are those that a launch ends with a ranking of.
    """

    cap: float = number(10.0, above=0.0, at_most=300.0)
    vanishing: float = number(3.0, above=0.0)
    exploding: float = number(2.0, above=0.0)
    first_steps: int = number(10, at_least=1, at_most=1_000_000)
    learned: float = number(0.1, above=0.0, at_most=1.0)
    confidence: float = number(0.95, above=0.0, below=1.0)
    draws: int = number(256, at_least=32, at_most=10_000)
    negligible: float = number(0.05, above=0.0, below=1.0)
    negligible_decades: float = number(0.1, at_least=0.0)
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

    @property
    def of_responses(self) -> dict[str, float]:
        """What a member's responses, verdict and outcome depend on; the other settings only concern the ranking."""
        return {name: asdict(self)[name] for name in ("cap", "vanishing", "exploding", "first_steps", "learned")}


DEFAULTS = Analysis()
