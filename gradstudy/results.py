"""What a study found, for notebooks: its stored trials, gradients and rankings."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from gradstudy.analysis.prescription.experience import Experience
from gradstudy.analysis.prescription.prescription import Prescription, Prescriptions, prescribe
from gradstudy.analysis.prescription.starting_point import given_start, stored_start
from gradstudy.analysis.ranking.ranking import Ranking, rank
from gradstudy.analysis.responses.measures import member_row
from gradstudy.analysis.settings import RESPONSES, Analysis
from gradstudy.analysis.theory.agreement import PREDICTED, Agreement, agreement
from gradstudy.configs.changed import changed_overrides
from gradstudy.errors import InputError
from gradstudy.notebook.cards import study_page
from gradstudy.notebook.members_plots import plot_levels, plot_verdicts
from gradstudy.notebook.signal_field import plot_signal
from gradstudy.records import DUMMY, FAILING, SCREEN, Level, StudyInfo, Trial, trial_verdict
from gradstudy.search.best import best_trials
from gradstudy.search.objective import Objective, objectives_of
from gradstudy.tracking.address_check import shown
from gradstudy.tracking.members_file import PHASE
from gradstudy.tracking.reader import StoredStudy
from gradstudy.tracking.store import ui_command
from gradstudy.words.command_words import trial_command
from gradstudy.words.trial_words import verdicts_words


class Run:
    """A stored study. `members` has one row per trial and seed, `trials` one per trial; the rest is read on demand.

    `page` is where this launch wrote the report, beside the stored one.
    """

    def __init__(self, stored: StoredStudy, settings: Analysis):
        self.stored, self.settings = stored, settings
        self.page = ""
        self._rankings: dict[str, Ranking] = {}

    @property
    def info(self) -> StudyInfo:
        return self.stored.info

    @cached_property
    def members(self) -> pd.DataFrame:
        """One row per trial x seed: factors (missing where inactive), responses, verdict, first bad step and tensor.

        `gain_init_theory` is what mean-field theory predicts of `gain_init`, missing where it says nothing.
        """
        measured_with = self.info.settings.get("responses")
        if measured_with == response_settings(self.settings):
            return self.stored.members
        return self._measured_again()

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per trial: factors, responses (median over seeds), verdict (of `trial_verdict`) and `n_diverged`."""
        return trial_table(self.members, [factor.name for factor in self.info.factors])

    def gradients(self, **filters: Any) -> pd.DataFrame:
        """The full record, tidy: trial, seed, step, quantity, place, value.

        Filters `trial`, `seed`, `step`, `quantity`, `place` (a value or a list) are pushed down to the Parquet files.
        InputError, naming what is stored, where the trials that were asked for hold nothing of that name; a step at
        which nothing was measured has no rows.
        """
        return self.stored.gradients(**filters)

    def rank(self, response: str = "vanishing") -> Ranking:
        """Which factors cause this response, with intervals? See `gradstudy.analysis.ranking.ranking.Ranking`.

        Of the trials of the screen alone. InputError where there are none: trials that were chosen by what came out
        before show the choice's causes beside the network's. Computed once per response.
        """
        if response not in self._rankings:
            about = (self.screened, self.info.factors, response, self.settings, self.info.seed)
            with threadpool_limits(1):  # a second BLAS thread changes the order of sums; small matrices wait for it
                self._rankings[response] = rank(*about, steps=self.info.steps)
        return self._rankings[response]

    @property
    def screened(self) -> pd.DataFrame:
        """The members of the trials that were drawn at random. InputError for a study that has no such trials."""
        if SCREEN not in self.info.phases:
            raise InputError(
                f"Rankings and prescriptions need trials that were drawn at random, but those of '{self.info.name}' "
                f"were hunted (search={self.info.design}), and would mislead. Run the same study with search=screen, "
                "or with search=screen_then_hunt; run.best() lists what the hunt found."
            )
        return self.members[self.members[PHASE] == SCREEN]

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """What was hunted for; in a study without a hunt, what its screen was told."""
        return objectives_of(self.info.hunted or {"goal": "healthiest", "objective": ["vanishing", "exploding"]})

    def best(self, count: int = 5) -> pd.DataFrame:
        """Which trials came closest to what was hunted for, best first? See `gradstudy.search.best.best_trials`."""
        names = [factor.name for factor in self.info.factors if factor != DUMMY]
        return best_trials(self.members, names, self.objectives, seeds=self.info.seeds, count=count)

    def prescribe(
        self, trial: int | None = None, levels: Mapping[str, Level] | None = None
    ) -> Prescription | Prescriptions:
        """What is the smallest change that makes a failing configuration healthy, by what the screen's trials say?

        Of a stored trial by its number, or of `levels`, a mapping of the study's factors to levels; without either, of
        the most typical trial of every verdict but healthy that occurs. See `gradstudy.analysis.prescription`.
        """
        if trial is not None and levels is not None:
            raise InputError("prescribe takes a trial or levels, got both: leave one out.")
        factors, known = self.info.factors, self._experience
        with threadpool_limits(1):
            if levels is not None:
                return self._runnable(prescribe(known, given_start(known, self.members, levels)))
            if trial is not None:
                return self._runnable(prescribe(known, stored_start(self.members, factors, trial)))
        return self.prescriptions

    @cached_property
    def prescriptions(self) -> Prescriptions:
        """One for the most typical trial of every verdict but healthy that occurs, among the screen's trials."""
        with threadpool_limits(1):
            typical = (self._experience.typical(verdict) for verdict in FAILING)
            starts = [stored_start(self.members, self.info.factors, number) for number in typical if number is not None]
            return Prescriptions(self._runnable(prescribe(self._experience, start)) for start in starts)

    @cached_property
    def _experience(self) -> Experience:
        return Experience(self.screened, self.info.factors, self.settings, seed=self.info.seed)

    def _runnable(self, prescription: Prescription) -> Prescription:
        """With the overrides and the command that run the cured configuration."""
        if not prescription.changes:
            return prescription
        names = [factor.name for factor in self.info.factors]
        number = int(self.members["trial"].iloc[0]) if prescription.trial is None else prescription.trial
        own = self.members[self.members["trial"] == number].iloc[0]
        groups = {name: level for name, level in prescription.cured.items() if "." not in name and own[name] != level}
        donors = {name: self.overrides(self._first_with(name, level)) for name, level in groups.items()}
        overrides = changed_overrides(prescription.cured, names, self.overrides(number), donors)
        command = trial_command(self.info, Trial(number, prescription.cured, overrides))
        return replace(prescription, overrides=overrides, command=command)

    def _first_with(self, name: str, level: Level) -> int:
        return int(self.members.loc[self.members[name] == level, "trial"].iloc[0])

    def theory(self) -> Agreement:
        """Does mean-field theory predict `gain_init`? InputError where it says nothing about any trial."""
        return agreement(self.members)

    def overrides(self, trial: int) -> list[str]:
        """What runs this trial again, as `gradstudy.measure(run.overrides(7))` or behind `mode=trial`."""
        return list(self.stored.trial(trial).overrides)

    def command(self, trial: int) -> str:
        """What runs this trial again, in a terminal?"""
        return trial_command(self.info, self.stored.trial(trial))

    @property
    def store(self) -> str:
        """Where is this study stored?"""
        return shown(self.stored.uri)

    @property
    def progress(self) -> str:
        """How far is the study? `finished`, `stopped` early, or `running`, also where its driver was killed."""
        return self.stored.progress

    @property
    def report(self) -> str:
        """Where is the study's page? The path that `report=` asked for; else a path or an address in MLflow.

        Empty where no launch was brought to an end.
        """
        return self.page or self.stored.report

    @property
    def ui_command(self) -> str:
        """How does a person look at it?"""
        return ui_command(self.stored.uri)

    def plot_signal(self, trial: int, axes: Any = None) -> Any:
        """Where and when did the gradient of this trial vanish or explode? A heat map place x step, in log colours.

        Of the median seed; a dashed line stands where a seed diverged. Matplotlib axes, new ones by default.
        """
        records = self.stored.result(trial).records
        verdicts = self.members.loc[self.members["trial"] == trial, "verdict"]
        return plot_signal(records, f"trial {trial}, seeds: {verdicts_words(verdicts)}", axes)

    def plot_levels(self, factor: str, response: str = "vanishing", axes: Any = None) -> Any:
        """How is a response spread at each level of this factor, over the trials of the screen? Matplotlib axes."""
        return plot_levels(self.screened, self.info.factors, factor, response, steps=self.info.steps, axes=axes)

    def plot_verdicts(self, factor: str = "", axes: Any = None) -> Any:
        """Which verdicts did the members get, in all or at each level of this factor? Matplotlib axes."""
        return plot_verdicts(self.members, self.info.factors, factor, axes)

    def _repr_html_(self) -> str:
        ways = (*(("# the report, for a browser:", self.report) if self.report else ()), self.ui_command)
        return study_page(self.info, self.members, self.trials, ways)

    def _measured_again(self) -> pd.DataFrame:
        """The responses of the stored record under other settings than those of the launch."""
        known = self.stored.members.set_index(["trial", "seed"])
        records = (record for result in self.stored.results() for record in result.records)
        fresh = pd.DataFrame(member_row(record, self.settings) for record in records).set_index(["trial", "seed"])
        known[[*RESPONSES, "verdict"]] = fresh[[*RESPONSES, "verdict"]]
        return known.reset_index()


def response_settings(settings: Analysis) -> dict[str, float]:
    """The settings that a member's responses and verdict depend on; the others only concern the ranking."""
    return {name: asdict(settings)[name] for name in ("cap", "vanishing", "exploding", "first_steps")}


def trial_table(members: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Members folded over their seeds."""
    grouped = members.groupby("trial")
    verdict = grouped["verdict"].agg(trial_verdict)
    diverged = grouped["verdict"].agg(lambda verdicts: int((verdicts == "diverged").sum())).rename("n_diverged")
    predicted = grouped[[name for name in (PREDICTED,) if name in members]].first()  # older studies have none
    phase = grouped[[PHASE]].first()
    parts = [phase, grouped[list(factors)].first(), grouped[list(RESPONSES)].median(), predicted, verdict, diverged]
    return pd.concat(parts, axis=1).reset_index()
