"""All that a study found, gathered once: the terminal's last page, the HTML report and MLflow's note say the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gradstudy.analysis.cure.cure import Cure, NoConfirmation
from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.analysis.ranking.ranking import Ranking
from gradstudy.analysis.responses.member_row import verdicts_by_threshold
from gradstudy.analysis.theory.agreement import Agreement
from gradstudy.errors import InputError
from gradstudy.records import HUNT, SCREEN
from gradstudy.response import RESPONSES
from gradstudy.results import Run
from gradstudy.search.objective import Objective
from gradstudy.words.prescription_words import and_list
from gradstudy.words.trial_words import levels_words, verdicts_words

WANTED_WORDS = {"minimize": "as small as can be", "maximize": "as large as can be"}

HUNTED_NOT_RANKED = (
    "These trials were hunted, so they rank no causes: that takes search=screen or search=screen_then_hunt."
)
NOT_LEVELS = {"trial", "verdict", "outcome", "n_diverged"}
TRIALS_LISTED = 5
"""So many trials are listed at most."""


@dataclass(frozen=True)
class HuntFindings:
    """What a hunt brought. `best` is that of `Run.best`; `trials` and `pruned` count all trials.

    `ranked` says whether a screen ranks causes beside it. `verdicts` counts the members of a trial, and `commands` run
    it again; both by trial.
    """

    best: pd.DataFrame
    objectives: tuple[Objective, ...]
    trials: int
    pruned: int
    ranked: bool
    verdicts: Mapping[int, str]
    commands: Mapping[int, str]


def hunt_findings_of(run: Run) -> HuntFindings:
    """What the hunt of this study brought."""
    best, members = run.best(TRIALS_LISTED), run.searched
    sizes = members.groupby("trial").size()
    return HuntFindings(
        best=best,
        objectives=run.objectives,
        trials=len(sizes),
        pruned=int((sizes < run.info.seeds).sum()),
        ranked=SCREEN in run.info.phases,
        verdicts={trial: verdicts_words(members[members["trial"] == trial]) for trial in best["trial"]},
        commands={trial: run.command(trial) for trial in best["trial"]},
    )


def hunt_question(hunt: HuntFindings) -> str:
    """The question that a hunt answers."""
    return f"Which configurations are {hunt.objectives[0].goal}?"


def about_words(hunt: HuntFindings) -> str:
    """What was wanted, of how many trials, and which are shown; or that there is none to be shown."""
    if hunt.best.empty:
        return f"None of the {hunt.trials} trials has been trained on all of its seeds."
    wanted = [f"{one.name} ({RESPONSES[one.response].unit}) {WANTED_WORDS[one.direction]}" for one in hunt.objectives]
    front = f"those that no other beats in everything ({TRIALS_LISTED} at most), most balanced first"
    shown = f"the {hunt.objectives[0].goal}" if len(hunt.objectives) == 1 else front
    stopped = f", {hunt.pruned} of them stopped early" if hunt.pruned else ""
    return f"Wanted: {and_list(wanted)}, mean over seeds. Of {hunt.trials} trials{stopped}, {shown}:"


def levels_of(row: Mapping[Any, Any], objectives: Sequence[Objective]) -> str:
    """The levels of the trial in this row of `HuntFindings.best`: `activation=tanh, lr.value=0.01`."""
    others = NOT_LEVELS | {one.name for one in objectives}
    living = {name: value for name, value in row.items() if name not in others and not pd.isna(value)}
    return levels_words(living)


@dataclass(frozen=True)
class Findings:
    """A study's run, and what is computed of it for people to read.

    `rankings` are those that the settings ask for, and with `prescriptions` empty where nothing was drawn at random.
    `cures` are what came of trying changes of the trials that `prescriptions` are for; empty where none were tried.
    `thresholds` are counts of verdicts as `verdicts_by_threshold` makes them. `theory` is None where it predicts
    nothing, `hunt` where nothing was hunted.
    """

    run: Run
    rankings: tuple[Ranking, ...]
    prescriptions: tuple[Prescription, ...]
    thresholds: pd.DataFrame
    theory: Agreement | None
    hunt: HuntFindings | None
    cures: tuple[Cure, ...] = ()

    @property
    def advice(self) -> list[tuple[Prescription, Cure | None]]:
        """For each typical trial that fails what is predicted to help, and what came of trying where that was done."""
        tried = {one.trial: one for one in self.cures if one.reason != NoConfirmation.NOT_OVER or one.tried}
        return [(one, tried.get(one.trial)) for one in self.prescriptions]


def findings_of(run: Run) -> Findings:
    """What this stored study found. Takes seconds on first use: its rankings and prescriptions are computed."""
    screened = SCREEN in run.info.phases
    try:
        theory = run.theory()
    except InputError:  # it says nothing about any trial of this study
        theory = None
    return Findings(
        run,
        rankings=tuple(run.rank(response) for response in run.settings.responses) if screened else (),
        prescriptions=run.prescriptions if screened else (),
        thresholds=verdicts_by_threshold(run.searched, run.settings),
        theory=theory,
        hunt=hunt_findings_of(run) if HUNT in run.info.phases else None,
        cures=run.cures if screened else (),
    )
