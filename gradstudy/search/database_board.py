"""Where the drivers of one study see each other in a database of Optuna's: a table beside its own, one row per claim.

No attribute of the Optuna study, since these cannot be removed, and a study that is repaired is made anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Engine, MetaData, String, Table, Text, delete, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from gradstudy.locking.claims import Claim

DRIVERS = Table(
    "gradstudy_drivers",
    MetaData(),
    Column("claim", String(36), primary_key=True),
    Column("study", String(512), nullable=False),
    Column("holder", Text, nullable=False),
)


@dataclass(frozen=True)
class DatabaseBoard:
    """The claims to the Optuna study of this name, as `Board` has them. `ready` comes first."""

    engine: Engine
    study: str
    where: str

    def ready(self) -> "DatabaseBoard":
        """The board, whose table is made where it is not there yet."""
        try:
            DRIVERS.create(self.engine, checkfirst=True)
        except SQLAlchemyError:  # another driver may have made it in between
            if not inspect(self.engine).has_table(DRIVERS.name):
                raise
        return self

    def put(self, claim: Claim) -> None:
        with self.engine.begin() as database:
            changed = database.execute(
                update(DRIVERS).where(DRIVERS.c.claim == claim.key).values(holder=claim.to_json())
            )
            if not changed.rowcount:
                row = {"claim": claim.key, "study": self.study, "holder": claim.to_json()}
                database.execute(insert(DRIVERS).values(row))

    def remove(self, key: str) -> None:
        with self.engine.begin() as database:
            database.execute(delete(DRIVERS).where(DRIVERS.c.claim == key))

    def claims(self) -> Sequence[Claim]:
        with self.engine.connect() as database:
            rows = database.execute(select(DRIVERS.c.holder).where(DRIVERS.c.study == self.study))
            found = [Claim.from_json(row.holder) for row in rows]
        return [claim for claim in found if claim]
