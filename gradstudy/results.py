"""A stored study for notebooks: its trials, gradients, rankings and prescriptions."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from gradstudy.analysis.cure.confirmation import Confirmation
from gradstudy.analysis.cure.cure import Cure, Cures
from gradstudy.analysis.cure.replay import known_of, replay, trial_of
from gradstudy.analysis.prescription.experience import Experience, StartingPoint, given_start, stored_start
from gradstudy.analysis.prescription.prescription import Prescription, Prescriptions, prescribe
from gradstudy.analysis.ranking.ranking import Ranking, rank
from gradstudy.analysis.responses.member_row import lacking, measured_again
from gradstudy.analysis.responses.outcomes import trial_verdicts, well
from gradstudy.analysis.settings import Analysis
from gradstudy.analysis.theory.agreement import PREDICTED, Agreement, agreement
from gradstudy.analysis.theory.prediction import even_fading
from gradstudy.configs.launch import CONFIRMING
from gradstudy.configs.overrides import changed_trial
from gradstudy.errors import InputError
from gradstudy.masking import masked
from gradstudy.notebook.cards import paragraph, study_card
from gradstudy.notebook.members_plots import plot_levels, plot_verdicts
from gradstudy.notebook.signal_plots import fading_lines, plot_signal
from gradstudy.records import (
    CONFIRM,
    DUMMY,
    FAILING,
    SCREEN,
    STUCK,
    Level,
    MemberRows,
    StudyInfo,
    trial_outcome,
)
from gradstudy.response import RESPONSES
from gradstudy.search.best import best_trials
from gradstudy.search.objective import HUNTED, Objective, objectives_of
from gradstudy.tracking.members_file import PHASE
from gradstudy.tracking.reader import StoredStudy
from gradstudy.tracking.store import ui_command
from gradstudy.words.command_words import trial_command
from gradstudy.words.trial_words import verdicts_words

TryCures = Callable[["Run", Sequence[Confirmation]], None]
"""Trains and stores what these confirmations ask for, and has the run read it."""


class Run:
    """A stored study, as notebooks read it; what it found is read and computed on demand.

    Attributes:
        stored: The study in its store, whose files are fetched when they are asked for.
        settings: How responses, verdicts and rankings are made of what was measured.
        page: Where this launch wrote the report, beside the stored one; empty where it wrote none.
    """

    def __init__(self, stored: StoredStudy, settings: Analysis, try_cures: TryCures | None = None):
        self.stored, self.settings = stored, settings
        self.page = ""
        self._try_cures = try_cures
        self._rankings: dict[str, Ranking] = {}
        self._confirmations: dict[Hashable, Confirmation] = {}

    def reread(self, stored: StoredStudy) -> None:
        """Goes on with what is stored now: further trials that tried cures, which change no ranking."""
        self.stored = stored
        for name in ("members", "trials", "cures", "known", "damage"):
            self.__dict__.pop(name, None)

    @property
    def info(self) -> StudyInfo:
        """The study's identity: its name, question, factors, seeds, steps and launch."""
        return self.stored.info

    @cached_property
    def members(self) -> pd.DataFrame:
        """One row per trial x seed: `trial`, `seed`, `phase`, the factors, the responses and what became of it.

        Factors are missing where they do not live. Responses are decades, shares or steps. `gain_init_theory` is what
        mean-field theory predicts of `gain_init`, missing where it says nothing. A response that was unknown when the
        study was run is measured from the stored record, and missing where there is none. `verdict` is one of
        `VERDICTS` and `outcome` one of `OUTCOMES`; `first_bad_step` and `first_bad_tensor` say when and where a member
        diverged.
        """
        stored, settings = self.stored.members, self.settings.of_responses
        same = {**settings, **self.info.settings.get("responses", {})} == settings
        trials = lacking(stored) if same else None
        if trials == []:
            return stored
        records = (record for result in self.stored.results(trials) for record in result.records)
        return measured_again(stored, records, self.settings, keep=same)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per trial: factors, responses (median over seeds), verdict, outcome and `n_diverged`.

        Verdict and outcome are those that `trial_verdict` and `trial_outcome` of `gradstudy.records` give.
        """
        return trial_table(self.members, [factor.name for factor in self.info.factors])

    @property
    def searched(self) -> pd.DataFrame:
        """The members that the study is about: of all trials but those that tried cures."""
        return self.members[self.members[PHASE] != CONFIRM]

    @property
    def screened(self) -> pd.DataFrame:
        """The members of the trials that were drawn at random.

        Raises:
            InputError: The study has no such trials.
        """
        if SCREEN not in self.info.phases:
            raise InputError(
                f"Rankings and prescriptions need trials that were drawn at random, but those of '{self.info.name}' "
                f"were hunted (search={self.info.design}), and would mislead. Run the same study with search=screen, "
                "or with search=screen_then_hunt; run.best() lists what the hunt found."
            )
        return self.members[self.members[PHASE] == SCREEN]

    @property
    def failed(self) -> Mapping[int, str]:
        """Why trials could not be trained, by their numbers: they are in no table and no ranking.

        The same launch with `retry=failed` tries them again.
        """
        return self.stored.failed

    def gradients(self, **filters: Any) -> pd.DataFrame:
        """The full record, tidy: one row per trial, seed, step, quantity and place.

        Args:
            filters: `trial`, `seed`, `step`, `quantity` and `place`, each a value or a list of them. They are pushed
                down to the Parquet files.

        Returns:
            Columns `trial`, `seed`, `step`, `quantity`, `place`, `value`; no rows for a step without a measurement.

        Raises:
            InputError: The trials that were asked for hold nothing of that name; it says what is stored.
        """
        return self.stored.gradients(**filters)

    def rank(self, response: str = "vanishing") -> Ranking:
        """The factors that cause this response, by the trials of the screen. Computed once per response.

        Args:
            response: One of the measured responses, or `time_to_divergence`.

        Returns:
            Shares of variance of every factor with intervals and tests; see `gradstudy.analysis.ranking.ranking`.

        Raises:
            InputError: There is no such response, or the study has no trials that were drawn at random: trials that
                were chosen by what came out before show the choice's causes beside the network's.
        """
        if response not in self._rankings:
            with threadpool_limits(1):  # a second BLAS thread changes the order of sums; small matrices wait for it
                self._rankings[response] = rank(
                    self.screened, self.info.factors, response, self.settings, self.info.seed, steps=self.info.steps
                )
        return self._rankings[response]

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """What was hunted for, but for what older studies did not measure; without a hunt, what its screen was told."""
        hunted = self.info.hunted or {"goal": "healthiest", "objective": HUNTED}
        return tuple(one for one in objectives_of(hunted) if self.members[one.response].notna().any())

    def best(self, count: int = 5) -> pd.DataFrame:
        """The trials that came closest to what was hunted for, best first.

        Args:
            count: How many are listed at most.

        Returns:
            One row per trial: `trial`, what counted (mean over seeds), `verdict`, `outcome`, `n_diverged` and the
            factors. Of several objectives the Pareto front; see `gradstudy.search.best`.

        Raises:
            InputError: `count` is below 1.
        """
        names = [factor.name for factor in self.info.factors if factor != DUMMY]
        members, seeds = self.searched, self.info.seeds
        return best_trials(members, names, self.objectives, well=well(members), seeds=seeds, count=count)

    def prescribe(
        self, trial: int | None = None, levels: Mapping[str, Level] | None = None, *, confirm: bool = False
    ) -> Prescription | Prescriptions | Cure | Cures:
        """The smallest change that makes a failing configuration well, by what the screen's trials say.

        That is a prediction. With `confirm` changes are tried on fresh seeds, here and now, and stored with the study.

        Args:
            trial: The number of a stored trial, of whatever phase.
            levels: The study's factors and their levels, in place of a trial: all that live in this configuration.
            confirm: Whether changes are tried. What was tried before is not run again.

        Returns:
            What to change, with what speaks for it and the command that runs it; without arguments `prescriptions`.
            With `confirm` what came of trying; without other arguments `cures`.

        Raises:
            InputError: Both are given, there is no such trial or level, or no trial was drawn at random; cures are to
                be tried in a study that trains nothing, or whose launch cannot be composed again.
            TrackingAway: Cures were tried, and MLflow did not take all of it; the same call sends it later.
        """
        if trial is not None and levels is not None:
            raise InputError("prescribe takes a trial or levels, got both: leave one out.")
        known, start = self._experience, None
        with threadpool_limits(1):
            if levels is not None:
                start = given_start(known, self.searched, levels)
            elif trial is not None:
                own = (self.members[PHASE] != CONFIRM) | (self.members["trial"] == trial)
                start = stored_start(self.members[own], self.info.factors, trial)
        if confirm:
            if self._try_cures is None:
                raise InputError("Cures are tried in studies that were read with gradstudy.load_study or run_study.")
            try:
                self._try_cures(self, self.confirmations(self._typical if start is None else [start]))
            except BaseException:
                self._confirmations.clear()  # they may have been told what was not stored any more
                raise
            return self.cures if start is None else self._cure(start)
        return self.prescriptions if start is None else self._prescribed(start)

    @cached_property
    def prescriptions(self) -> Prescriptions:
        """What is predicted to help the most typical trial of the screen of every way to fail that occurs.

        Raises:
            InputError: No trial was drawn at random.
        """
        return Prescriptions(map(self._prescribed, self._typical))

    @cached_property
    def cures(self) -> Cures:
        """What came of trying changes of these trials on fresh seeds; none where cures were not tried.

        Raises:
            InputError: No trial was drawn at random.
        """
        return Cures(map(self._cure, self._typical if self.info.confirm else ()))

    @property
    def tried(self) -> pd.DataFrame:
        """The members of the trials that tried cures."""
        return self.members[self.members[PHASE] == CONFIRM]

    @cached_property
    def known(self) -> Mapping[Hashable, MemberRows]:
        """What came out of what was tried, by the key of what asked for it."""
        return known_of(self.tried, self.info.factors, self.info.seeds)

    @property
    def confirm(self) -> Mapping[str, int]:
        """How many `cures` are tried for a failing configuration, and on how many `seeds`: as its launch said."""
        return self.info.confirm or asdict(CONFIRMING)

    def confirmations(self, starts: Sequence[StartingPoint] | None = None) -> list[Confirmation]:
        """The procedures that find cures, of these configurations, by default of the typical ones that fail.

        Raises:
            InputError: No trial was drawn at random.
        """
        return [self._confirmation(start) for start in (self._typical if starts is None else starts)]

    @cached_property
    def _typical(self) -> list[StartingPoint]:
        with threadpool_limits(1):
            numbers = (self._experience.typical(failure) for failure in (*FAILING, STUCK))
            return [stored_start(self.searched, self.info.factors, one) for one in numbers if one is not None]

    @cached_property
    def _experience(self) -> Experience:
        return Experience(self.screened, self.info.factors, self.settings, seed=self.info.seed)

    def _confirmation(self, start: StartingPoint) -> Confirmation:
        """Goes on where it was: what it was told stays true."""
        key = (*sorted(start.levels.items()), *self.confirm.values())
        if key not in self._confirmations:
            with threadpool_limits(1):
                self._confirmations[key] = Confirmation(self._experience, start, **self.confirm)
        return self._confirmations[key]

    def _cure(self, start: StartingPoint) -> Cure:
        """With the overrides and the command that run it, or the best that was tried."""
        confirmation, factors = self._confirmation(start), self.info.factors
        with threadpool_limits(1):
            replay([confirmation], self.known)
        found = confirmation.found
        number = trial_of(self.tried, factors, found.levels) if found.after is not None else None
        if number is None:
            return found
        return replace(found, overrides=tuple(self.overrides(number)), command=self.command(number))

    def _prescribed(self, start: StartingPoint) -> Prescription:
        """With the overrides and the command that run the changed configuration."""
        with threadpool_limits(1):
            found = prescribe(self._experience, start)
        if not found.changes:
            return found

        def overrides_with(name: str, level: Level) -> Sequence[str]:
            return self.overrides(int(self.members.loc[self.members[name] == level, "trial"].iloc[0]))

        trial = self.stored.trial(int(self.members["trial"].iloc[0]) if found.trial is None else found.trial)
        names = [factor.name for factor in self.info.factors]
        cured = changed_trial(trial, found.cured, names, overrides_with)
        return replace(found, overrides=cured.overrides, command=trial_command(self.info, cured))

    def theory(self) -> Agreement:
        """How well mean-field theory predicts `gain_init`, trial by trial.

        Raises:
            InputError: It says nothing about any trial of this study.
        """
        return agreement(self.searched)

    def overrides(self, trial: int) -> list[str]:
        """What runs this trial again, as `gradstudy.measure(run.overrides(7))` or behind `mode=trial`.

        Raises:
            InputError: No such trial is stored.
        """
        return list(self.stored.trial(trial).overrides)

    def command(self, trial: int) -> str:
        """What runs this trial again in a terminal.

        Raises:
            InputError: No such trial is stored.
        """
        return trial_command(self.info, self.stored.trial(trial))

    @property
    def store(self) -> str:
        """The address of the MLflow store in which this study is, without passwords."""
        return masked(self.stored.uri)

    @cached_property
    def damage(self) -> tuple[str, ...]:
        """What of the stored files cannot be read, what is left out for it, and what to do; empty where all is whole.

        The file of every trial is looked at where they are kept on this machine, else those that were asked for.
        """
        return self.stored.damage(thorough=True)

    @property
    def progress(self) -> str:
        """How far the study is: `finished`, `stopped` early, or `running`, also where its driver was killed."""
        return self.stored.progress

    @property
    def report(self) -> str:
        """The path that `report=` asked for; else the path or address of the study's page in MLflow.

        Empty where no launch was brought to an end.
        """
        return self.page or self.stored.report

    @property
    def ui_command(self) -> str:
        """The command that opens the store in a browser."""
        return ui_command(self.stored.uri)

    def plot_signal(self, trial: int, axes: Any = None) -> Any:
        """Draws where and when the gradient of this trial vanished or exploded: place x step, in log colours.

        Of the median seed; a dashed line stands where a seed diverged.

        Args:
            trial: The number of a stored trial.
            axes: Matplotlib axes to draw on, new ones by default.

        Returns:
            The axes.

        Raises:
            InputError: No such trial is stored.
        """
        records = self.stored.result(trial).records
        said = verdicts_words(self.members[self.members["trial"] == trial])
        return plot_signal(records, f"trial {trial}, seeds: {said}", axes)

    def plot_by_distance(self, trial: int, axes: Any = None) -> Any:
        """Draws what is left of an answer's signal so many time steps before it, before and after training.

        Medians of the seeds; theory is the straight line that ends at its `gain_init`. For trials of recurrent networks
        with an answer at every time step.

        Args:
            trial: The number of a stored trial.
            axes: Matplotlib axes to draw on, new ones by default.

        Returns:
            The axes.

        Raises:
            InputError: No such trial is stored, or it is no such network.
        """
        result = self.stored.result(trial)
        places = len(result.records[0].series["signal"].places)
        return fading_lines(result.records, even_fading(result.rows[0].get(PREDICTED), places), axes)

    def plot_levels(self, factor: str, response: str = "vanishing", axes: Any = None) -> Any:
        """Draws how a response is spread at each level of a factor, over the trials of the screen.

        Args:
            factor: The name of a factor of the study.
            response: One of the measured responses, or `time_to_divergence`.
            axes: Matplotlib axes to draw on, new ones by default.

        Returns:
            The axes.

        Raises:
            InputError: There is no such factor or response, or no trial was drawn at random.
        """
        return plot_levels(self.screened, self.info.factors, factor, response, steps=self.info.steps, axes=axes)

    def plot_verdicts(self, factor: str = "", axes: Any = None) -> Any:
        """Draws which verdicts the members got, in all or at each level of a factor.

        Args:
            factor: The name of a factor of the study; empty for all members together.
            axes: Matplotlib axes to draw on, new ones by default.

        Returns:
            The axes.

        Raises:
            InputError: There is no such factor.
        """
        return plot_verdicts(self.searched, self.info.factors, factor, axes)

    def _repr_html_(self) -> str:
        ways = (*(("# the report, for a browser:", self.report) if self.report else ()), self.ui_command)
        card = study_card(self.info, self.searched, self.trials[self.trials[PHASE] != CONFIRM], ways)
        return "".join([*map(paragraph, self.stored.damage()), card])


def trial_table(members: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Members folded over their seeds."""
    grouped = members.groupby("trial")
    verdict, outcome = trial_verdicts(members), grouped["outcome"].agg(trial_outcome)
    diverged = (members["verdict"] == "diverged").groupby(members["trial"]).sum().rename("n_diverged")
    predicted = grouped[[name for name in (PREDICTED,) if name in members]].first()  # older studies have none
    phase = grouped[[PHASE]].first()
    measured = [phase, grouped[list(factors)].first(), grouped[list(RESPONSES)].median(), predicted]
    return pd.concat([*measured, verdict, outcome, diverged], axis=1).reset_index()
