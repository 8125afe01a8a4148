"""The head of the page, what was asked and how many networks fared how, and what a hunt brought."""

from markupsafe import Markup

from gradstudy.records import DUMMY, FINISHED
from gradstudy.report.answer import answer_sentences
from gradstudy.report.findings import HUNTED_NOT_RANKED, Findings, about_words, hunt_question, levels_of
from gradstudy.report.rendering import render
from gradstudy.words.number_words import counted
from gradstudy.words.trial_words import fate_counts


def answer_head(findings: Findings) -> Markup:
    """The study's name, its question, the answer in sentences, and the verdicts."""
    return render(
        "answer.html",
        info=findings.run.info,
        sentences=answer_sentences(findings),
        facts=_facts(findings),
        counts=fate_counts(findings.run.searched),
        total=len(findings.run.searched),
    )


def _facts(findings: Findings) -> str:
    """`128 trials at 4 seeds each, 200 steps of training, 8 factors`, and whether there is more to come."""
    info = findings.run.info
    varied = len(info.factors) - sum(factor == DUMMY for factor in info.factors)
    trials = findings.run.searched["trial"].nunique()
    told = (
        f"{counted(trials, 'trial')} at {counted(info.seeds, 'seed')} each",
        f"{counted(info.steps, 'step')} of training" if info.steps else "measured before any training",
        counted(varied, "factor"),
        *([] if findings.run.progress == FINISHED else [f"the study is {findings.run.progress}"]),
    )
    return ", ".join(told)


def hunt_section(findings: Findings) -> Markup:
    """The best trials with what counted, their seeds and levels, and what runs each; nothing without a hunt."""
    hunt = findings.hunt
    if hunt is None:
        return Markup()
    rows = hunt.best.to_dict("records")
    return render(
        "hunt.html",
        hunt=hunt,
        question=hunt_question(hunt),
        about=about_words(hunt),
        rows=[(row, levels_of(row, hunt.objectives)) for row in rows],
        remark="" if hunt.ranked else HUNTED_NOT_RANKED,
    )
