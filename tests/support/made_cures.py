"""Cures as trying would have brought them: a confirmed one of two changes, and one that nothing confirms."""

from gradstudy.analysis.cure.cure import Cure, NoConfirmation, Purpose, Tried

START = {"activation": "sigmoid", "lr.value": 0.5}
BOTH = {"activation": ("sigmoid", "relu"), "lr.value": (0.5, 0.001)}


def tried(purpose, changes, counts, learned, taken_back=None):
    well, seeds = counts
    levels = {**START, **{name: after for name, (_, after) in changes.items()}}
    return Tried(purpose, levels, changes, seeds, well, learned, taken_back, healthy=well, learners=well)


BEFORE = tried(Purpose.BEFORE, {}, (0, 8), 0.02)
WITHOUT = {
    "activation": tried(Purpose.WITHOUT, {"lr.value": BOTH["lr.value"]}, (1, 4), 0.03, "activation"),
    "lr.value": tried(Purpose.WITHOUT, {"activation": BOTH["activation"]}, (3, 4), -0.4, "lr.value"),
}
AFTER = tried(Purpose.CONFIRMING, BOTH, (8, 8), 0.81)
PROPOSED = tried(Purpose.PROPOSED, BOTH, (4, 4), 0.8)
CONFIRMED = Cure(
    trial=7,
    start=START,
    verdict="vanishing",
    confidence=0.95,
    bound=0.6,
    before=BEFORE,
    after=AFTER,
    confirmed=True,
    needed=WITHOUT,
    tried=(BEFORE, PROPOSED, *WITHOUT.values(), AFTER),
    low=0.68,
    high=1.0,
    command="python -m gradstudy mode=trial trial=1000004 activation=relu lr.value=0.001",
)
FAILED = Cure(
    trial=8,
    start=START,
    verdict="exploding",
    confidence=0.95,
    bound=0.6,
    before=BEFORE,
    after=WITHOUT["lr.value"],
    reason=NoConfirmation.NONE_WELL,
    tried=(BEFORE, WITHOUT["lr.value"]),
    low=0.3,
    high=0.95,
    command="python -m gradstudy mode=trial trial=1000002 activation=relu lr.value=0.5",
)
