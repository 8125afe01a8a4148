"""Ask and tell: which trials does a study consist of, and what came of them?"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from optuna.storages import BaseStorage

from gradstudy.records import Factor
from gradstudy.search.objective import Rows
from gradstudy.search.search_space import Active, Levels


class Asked(NamedTuple):
    """A trial that is to be measured, and the part of the study that asks for it."""

    number: int
    levels: Levels
    phase: str


class Search(Protocol):
    """The trials of one study. `open` comes before `batches` and `tell`; `preview` needs no storage."""

    prunes: bool
    """May a trial be stopped after some of its seeds?"""

    def preview(self, budget: int) -> list[list[Asked]]:
        """The batches of a new study, with nothing stored; for trials that nobody can know yet, others like them."""

    def open(self, storage: BaseStorage, name: str) -> None:
        """Goes on with the study of this name, or begins it; InputError when its trials came from another space."""

    def total(self, budget: int) -> int:
        """How many trials will it have? A budget smaller than what is stored leaves nothing out."""

    def batches(self, budget: int) -> Iterator[list[Asked]]:
        """All trials, stored ones and newly asked, in the order of their numbers.

        Every trial of a batch has to be told before the next batch is asked.
        """

    def tell(self, number: int, rows: Rows) -> None:
        """Stores what came of a trial and ends it; a trial that has ended stays as it is."""

    def hopeless(self, number: int, rows: Rows) -> bool:
        """Is it known after these seeds that the others are not worth their time?"""


class Way(Protocol):
    """A way of searching: one such class and one YAML in conf/search.

    `name` is its option in conf/search; `storage` is empty (a journal file in the study's folder) or a database URL;
    `phases` are the parts that its studies have; `hunted` says what it looks for (`goal`, `objective`), or nothing;
    `note` tells a person who looks at a plan what the plan cannot show.
    """

    name: str
    storage: str
    phases: tuple[str, ...]
    hunted: Mapping[str, Any]
    note: str

    def identity(self, trials: int) -> Any:
        """What decides which trials are asked, where so many are? Part of a study's fingerprint."""

    def search(
        self, factors: Sequence[Factor], *, active: Active, groups: Collection[str], seed: int, seeds: int, trials: int
    ) -> Search:
        """The search through these factors; InputError where they cannot be searched in this way."""
