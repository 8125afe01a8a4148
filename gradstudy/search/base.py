"""What every way of searching promises, and every study's trials: they are asked, and told what came of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from optuna.storages import BaseStorage

from gradstudy.records import MemberRows
from gradstudy.search.search_space import Levels, SearchSpace


class AskedTrial(NamedTuple):
    """A trial that is to be measured, and the part of the study that asks for it."""

    number: int
    levels: Levels
    phase: str


@dataclass(frozen=True)
class Kept:
    """What is stored of a study outside of its search, which can be made anew from it.

    The `levels` of its trials by number, and how many trials each launch of its screen added (`blocks`), as far as
    somebody knows. `say` is told what had to be made anew.
    """

    levels: Mapping[int, Levels] = field(default_factory=dict)
    blocks: Sequence[int] = ()
    say: Callable[[str], object] = print


NOTHING_KEPT = Kept()


class AskTell(Protocol):
    """The trials of one study. `open` comes before `batches` and `tell`; `preview` needs no storage.

    `prunes`: a trial may be stopped after some of its seeds.
    """

    prunes: bool

    def preview(self, budget: int) -> list[list[AskedTrial]]:
        """The batches of a new study, with nothing stored; for trials that nobody can know yet, others like them."""

    def open(self, storage: BaseStorage, name: str, kept: Kept = NOTHING_KEPT) -> None:
        """Goes on with the study of this name, or begins it; InputError when its trials came from another space.

        Trials that are kept have the levels that they have there. Where the storage says otherwise it is made anew from
        that trial on, and what it held stays under another name.
        """

    @property
    def blocks(self) -> Sequence[int]:
        """How many trials each launch of its screen has added, once the first batch was asked."""

    def total(self, budget: int) -> int:
        """The number of trials that the study will have: a budget below what is stored leaves nothing out."""

    def batches(self, budget: int) -> Iterator[list[AskedTrial]]:
        """All trials, stored ones and newly asked, in the order of their numbers.

        Every trial of a batch has to be told before the next batch is asked.
        """

    def tell(self, number: int, rows: MemberRows) -> None:
        """Stores what came of a trial and ends it, as failed without rows; a trial that has ended stays as it is."""

    def hopeless(self, number: int, rows: MemberRows) -> bool:
        """Whether these seeds of a trial say that the others are not worth their time."""


class Search(Protocol):
    """A way of searching, which one YAML in conf/search configures.

    `name` is its option there; `storage` is empty (a journal file in the study's folder) or a database URL; `phases`
    are the parts that its studies have; `hunted` says what it looks for (`goal`, `objective`) and how many trials it
    asks at a time (`batch`), or nothing.
    """

    @property
    def name(self) -> str: ...
    @property
    def storage(self) -> str: ...
    @property
    def phases(self) -> tuple[str, ...]: ...
    @property
    def hunted(self) -> Mapping[str, Any]: ...

    def note(self, trials: int) -> str:
        """What a plan of so many trials cannot show of them, told to a person."""

    def identity(self, trials: int) -> str | Mapping[str, Any]:
        """What decides which trials are asked, where so many are: part of a study's fingerprint and of its storage."""

    def over(self, space: SearchSpace, *, seed: int, seeds: int, trials: int) -> AskTell:
        """The trials of a study of this space; InputError where it cannot be searched in this way."""
