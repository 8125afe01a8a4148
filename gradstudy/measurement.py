"""One configuration, trained here and now, with nothing stored."""

from collections.abc import Sequence

import pandas as pd

from gradstudy.analysis.responses import member_row
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.errors import InputError
from gradstudy.records import Member, MemberRecord
from gradstudy.tracking.record_file import tidy
from gradstudy.training.cohort import Cohort, plan
from gradstudy.training.engine import train


class Measurement:
    """The record of one trial: `members` (one row per seed), `gradients()`, `flow()`, and the raw `records`."""

    def __init__(self, records: Sequence[MemberRecord], members: pd.DataFrame):
        self.records, self.members = tuple(records), members

    def gradients(self) -> pd.DataFrame:
        """The full record, tidy: trial, seed, step, quantity, place, value."""
        return tidy(self.records)

    def flow(self) -> pd.DataFrame:
        """`signal` at step 0, [place, seed]: how the gradient flows before anything is learned."""
        columns = {record.seed: record.series["signal"].values[0] for record in self.records}
        places = pd.Index(self.records[0].series["signal"].places, name="place")
        return pd.DataFrame(columns, index=places).rename_axis(columns="seed")


def measure(overrides: Sequence[str] = (), seeds: int | None = None, *, weights: bool = False) -> Measurement:
    """How do the gradients of one configuration behave?

    `overrides` are Hydra overrides such as `activation=tanh` or `model.width=64`; `seeds` defaults to `budget.seeds`.
    `weights` keeps every member's final parameters in `records`. InputError for a configuration that does not exist.
    """
    with hydra_ready():
        composer = Composer(overrides)
        parts = composer.parts({})
    launch = composer.launch
    count = launch.budget.seeds if seeds is None else seeds
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise InputError(f"seeds must be a whole number of at least 1, got {seeds!r}.")
    device = launch.machinery["device"]
    settings = {"study_seed": launch.seed, "steps": launch.budget.steps, "keep_weights": weights}
    where = {"device": device.names()[0], "dtype": device.dtype}
    groups = plan([Member(0, seed) for seed in range(count)], {0: parts}, count)
    records = [record for group in groups for record in train(Cohort(group, {0: parts}, **settings, **where))]
    return Measurement(records, pd.DataFrame(member_row(record, launch.machinery["analysis"]) for record in records))
