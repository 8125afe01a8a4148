"""One configuration, trained here and now, with nothing stored."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import pandas as pd

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.errors import InputError
from gradstudy.mean_field import predicted
from gradstudy.notebook.cards import measurement_card
from gradstudy.notebook.flow_lines import flow_lines
from gradstudy.notebook.signal_field import plot_signal
from gradstudy.random_network import NoTheory
from gradstudy.records import Member, MemberRecord
from gradstudy.tracking.record_file import tidy
from gradstudy.training.cohort import Cohort, plan
from gradstudy.training.engine import train
from gradstudy.words.trial_words import verdicts_words

AskTheory = Callable[[], Prediction]
"""Raises NoTheory where theory says nothing."""


class Measurement:
    """The record of one trial: `members` (one row per seed), `gradients()`, `flow()`, and the raw `records`.

    `choices` are the options by config group, `settings` the thresholds behind the verdicts; `prediction` is what
    mean-field theory says of the first step.
    """

    def __init__(
        self,
        records: Sequence[MemberRecord],
        settings: Analysis,
        choices: Mapping[str, str],
        ask_theory: AskTheory,
    ):
        self.records, self.settings, self.choices = tuple(records), settings, choices
        self.members = pd.DataFrame(member_row(record, settings) for record in records)
        self._ask_theory = ask_theory

    def gradients(self, **filters: Any) -> pd.DataFrame:
        """The full record, tidy: trial, seed, step, quantity, place, value.

        Filters `trial`, `seed`, `step`, `quantity`, `place` take a value or a list. InputError, naming what there is,
        for a quantity, place or seed that was not measured.
        """
        return tidy(self.records, filters)

    @property
    def prediction(self) -> Prediction | None:
        """The signal of every flow point against the last one, in decades, and `gain_init`; None: no theory here."""
        return None if isinstance(self._theory, NoTheory) else self._theory

    @property
    def no_theory(self) -> str:
        """Why is there no prediction? Empty where there is one."""
        return str(self._theory) if isinstance(self._theory, NoTheory) else ""

    @cached_property
    def _theory(self) -> Prediction | NoTheory:
        try:
            return self._ask_theory()
        except NoTheory as reason:
            return reason

    def flow(self) -> pd.DataFrame:
        """`signal` at step 0, [place, seed]: how the gradient flows before anything is learned."""
        columns = {record.seed: record.series["signal"].values[0] for record in self.records}
        places = pd.Index(self.records[0].series["signal"].places, name="place")
        return pd.DataFrame(columns, index=places).rename_axis(columns="seed")

    def plot(self, axes: Any = None) -> Any:
        """How large is the signal at each place, before and after training, and what does theory say? Matplotlib axes.

        Medians of the seeds that reached the step; bands go from the lowest to the highest of them.
        """
        return flow_lines(self.records, self.prediction, axes)

    def plot_signal(self, axes: Any = None) -> Any:
        """Where and when does the gradient vanish or explode? A heat map place x step, as `Run.plot_signal` draws."""
        return plot_signal(self.records, f"seeds: {verdicts_words(self.members['verdict'])}", axes)

    def _repr_html_(self) -> str:
        theory = f"predicts a gain_init of {self.prediction.gain_init:.2f}" if self.prediction else self.no_theory
        return measurement_card(self.members, self.choices, theory)


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
    device = launch.device
    settings = {"study_seed": launch.seed, "steps": launch.budget.steps, "record": launch.record}
    where = {"device": device.name, "dtype": device.dtype, "keep_weights": weights}
    groups = plan([Member(0, seed) for seed in range(count)], {0: parts}, count)
    records = [record for group in groups for record in train(Cohort(group, {0: parts}, **settings, **where))]
    ask_theory = partial(predicted, parts, launch.seed)
    return Measurement(records, launch.analysis, composer.choices, ask_theory)
