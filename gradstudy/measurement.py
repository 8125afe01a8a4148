"""One configuration, trained here and now, with nothing stored."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import pandas as pd

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.theory.prediction import Prediction
from gradstudy.batch import cohorts_of
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.errors import InputError
from gradstudy.mean_field import predicted
from gradstudy.notebook.cards import measurement_card
from gradstudy.notebook.signal_plots import fading_lines, flow_lines, plot_signal
from gradstudy.random_network import NoTheory
from gradstudy.records import Member, MemberRecord
from gradstudy.references import referring
from gradstudy.tracking.record_file import tidy
from gradstudy.training.close_look import CloseLook
from gradstudy.training.engine import train
from gradstudy.words.number_words import rounded
from gradstudy.words.trial_words import verdicts_words


class Measurement:
    """The record of one configuration, trained at a few seeds; `ask_theory` raises NoTheory where it says nothing.

    Attributes:
        records: What was measured, one record per seed.
        settings: How responses and verdicts are made of it.
        choices: The option of every studied group.
        look: What it is made of; how curved its loss is, and how large its weights and data are, worked out when asked.
        overrides: What was asked for.
        own_factors: What the study varies that it is a trial of.
        data: What was read of a person's own data, in words by what they are about.
        members: One row per seed: `trial` (whose draws it has), `seed`, the responses, `verdict`, `first_bad_step`,
            `first_bad_tensor`.
    """

    def __init__(
        self,
        records: Sequence[MemberRecord],
        settings: Analysis,
        choices: Mapping[str, str],
        ask_theory: Callable[[], Prediction],
        *,
        look: CloseLook,
        overrides: Sequence[str] = (),
        own_factors: Collection[str] = (),
        data: Mapping[str, str] | None = None,
    ):
        self.records, self.settings, self.choices = tuple(records), settings, choices
        self.look, self.overrides, self.own_factors = look, tuple(overrides), tuple(own_factors)
        self.data = dict(data or {})
        self.members = pd.DataFrame(member_row(record, settings) for record in records)
        self._ask_theory = ask_theory

    def gradients(self, **filters: Any) -> pd.DataFrame:
        """The full record, tidy: one row per trial, seed, step, quantity and place.

        Args:
            filters: `trial`, `seed`, `step`, `quantity` and `place`, each a value or a list of them.

        Returns:
            Columns `trial`, `seed`, `step`, `quantity`, `place`, `value`.

        Raises:
            InputError: No such quantity, place or seed was measured; it says what there is.
        """
        return tidy(self.records, filters)

    @property
    def prediction(self) -> Prediction | None:
        """What mean-field theory says of the first step; None where it says nothing.

        The signal of every flow point against the last one, in decades, and `gain_init`.
        """
        return self._theory[0]

    @property
    def no_theory(self) -> str:
        """Why there is no prediction; empty where there is one."""
        return self._theory[1]

    @cached_property
    def _theory(self) -> tuple[Prediction | None, str]:
        try:
            return self._ask_theory(), ""
        except NoTheory as reason:
            return None, str(reason)

    def flow(self) -> pd.DataFrame:
        """The signal at step 0, [place, seed]: how the gradient flows before anything is learned.

        Of the whole loss: where every time step has an answer, that of the last one alone is
        `gradients(quantity="far_signal", step=0)`.
        """
        columns = {record.seed: record.series["signal"].values[0] for record in self.records}
        places = pd.Index(self.records[0].series["signal"].places, name="place")
        return pd.DataFrame(columns, index=places).rename_axis(columns="seed")

    def plot(self, axes: Any = None) -> Any:
        """Draws the signal at each place before and after training, beside theory.

        Medians of the seeds that reached the step; bands go from the lowest to the highest of them.

        Args:
            axes: Matplotlib axes to draw on, new ones by default.

        Returns:
            The axes.
        """
        return flow_lines(self.records, self.prediction, axes)

    def plot_by_distance(self, axes: Any = None) -> Any:
        """Draws what is left of an answer's signal so many time steps before it, beside theory.

        Medians of the seeds, before and after training; of recurrent networks with an answer at every time step.

        Args:
            axes: Matplotlib axes to draw on, new ones by default.

        Returns:
            The axes.

        Raises:
            InputError: This is no such network.
        """
        theory = None if self.prediction is None else self.prediction.by_distance
        return fading_lines(self.records, theory, axes)

    def plot_signal(self, axes: Any = None) -> Any:
        """Draws where and when the gradient vanishes or explodes: place x step, as `Run.plot_signal` does.

        Args:
            axes: Matplotlib axes to draw on, new ones by default.

        Returns:
            The axes.
        """
        return plot_signal(self.records, f"seeds: {verdicts_words(self.members)}", axes)

    def _repr_html_(self) -> str:
        theory = (
            f"predicts a gain_init of {rounded(self.prediction.gain_init, 2)}" if self.prediction else self.no_theory
        )
        return measurement_card(self.members, self.choices, theory)


def measure(overrides: Sequence[str] = (), seeds: int | None = None, *, weights: bool = False) -> Measurement:
    """Trains one configuration here and now, and returns how its gradients behaved. Nothing is stored.

    Args:
        overrides: Those of the command line, such as `["activation=tanh", "model.width=64"]`. With `trial=7` among
            them the networks are drawn as those of trial 7 of a study with this `seed`.
        seeds: How many networks are trained; `budget.seeds` by default.
        weights: Keeps every member's final parameters in its record.

    Returns:
        The record of each seed on every step, its responses and verdict, and what theory says of the first step.

    Raises:
        InputError: There is no such configuration, it does not fit into memory, or `seeds` is no whole number of at
            least 1.
    """
    with hydra_ready():
        composer = Composer(overrides)
        parts, footprint = composer.parts({}), composer.footprint({})
    launch = composer.launch
    count = launch.budget.seeds if seeds is None else seeds
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise InputError(f"seeds must be a whole number of at least 1, got {seeds!r}.")
    members = [Member(launch.trial, seed) for seed in range(count)]
    cohorts = cohorts_of(launch, members, {launch.trial: parts}, {launch.trial: footprint}, count, keep_weights=True)
    try:
        trained = [record for cohort in cohorts for record in train(cohort)]
    except MemoryError as error:
        raise InputError(str(error)) from error
    look = CloseLook(cohorts, [record.weights for record in trained])
    records = trained if weights else [replace(record, weights={}) for record in trained]
    theory = partial(predicted, parts, launch.seed)
    return Measurement(
        records,
        launch.analysis,
        composer.choices,
        theory,
        look=look,
        overrides=referring(overrides),
        own_factors=launch.space,
        data=parts["task"].about,
    )
