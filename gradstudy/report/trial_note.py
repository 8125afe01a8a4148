"""What does a person read first who opens a trial in MLflow?"""

from collections.abc import Mapping
from typing import Any

from gradstudy.analysis.trial_words import levels_words, verdicts_words
from gradstudy.records import StudyInfo, TrialResult
from gradstudy.report.command_lines import folded_command
from gradstudy.tracking.commands import trial_command
from gradstudy.tracking.markdown import code, escaped, note_of
from gradstudy.tracking.trial_metrics import outcome


def trial_note(info: StudyInfo, result: TrialResult) -> str:
    """Markdown: what came out, of which levels, which seed ended early, and what runs the trial again."""
    counts = verdicts_words(str(row["verdict"]) for row in result.rows)
    ends = [_end(row) for row in result.rows if row["first_bad_step"] is not None]
    return note_of(
        [
            f"**{outcome(result)}** (seeds: {counts}) with {escaped(levels_words(result.trial.levels))}.",
            *([escaped(f"{'; '.join(ends)}.")] if ends else []),
            "Its gradients are drawn in `figures/flow.svg` under Artifacts. Run it again by itself:",
            code(folded_command(trial_command(info, result.trial))),
        ]
    )


def _end(row: Mapping[str, Any]) -> str:
    return f"Seed {row['seed']} diverged at step {row['first_bad_step']}, first in {row['first_bad_tensor']}"
