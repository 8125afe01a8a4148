"""With which members a cohort goes on: the dead cost as much time as the living, and are left where that pays."""

from torch import Tensor

LIVING = 0.5
"""So much of a cohort is left at most when it is packed: that happens a few times at most."""

FEWEST_STEPS = 20
"""That have to follow: to pack a cohort anew takes about as long as some steps of it."""


def worth_packing(alive: Tensor, members: int, steps_left: int) -> list[int] | None:
    """The slots of the living among so many members, where the cohort had better go on with these alone; else None.

    `alive` [slot] may have ballast behind the members. Reads them on the host: on a device that is to wait for it.
    """
    living = alive[:members].nonzero().flatten().tolist()
    few = len(living) <= LIVING * members and len(living) < members
    return living if not living or (few and steps_left >= FEWEST_STEPS) else None
