"""The head of the page: what was asked, what the answer is, and how many networks fared how."""

from collections import Counter

from markupsafe import Markup

from gradstudy.records import DUMMY, FINISHED, VERDICTS
from gradstudy.report.answer import answer_sentences
from gradstudy.report.findings import Findings
from gradstudy.report.rendering import render
from gradstudy.words.number_words import counted


def answer_head(findings: Findings) -> Markup:
    """The study's name, its question, the answer in sentences, and the verdicts."""
    counts = Counter(findings.run.members["verdict"])
    return render(
        "answer.html",
        info=findings.run.info,
        sentences=answer_sentences(findings),
        facts=_facts(findings),
        counts={verdict: counts[verdict] for verdict in VERDICTS},
        total=len(findings.run.members),
    )


def _facts(findings: Findings) -> str:
    """`128 trials at 4 seeds each, 200 steps of training, 8 factors`, and whether there is more to come."""
    info = findings.run.info
    varied = len(info.factors) - sum(factor == DUMMY for factor in info.factors)
    trials = findings.run.members["trial"].nunique()
    told = (
        f"{counted(trials, 'trial')} at {counted(info.seeds, 'seed')} each",
        f"{counted(info.steps, 'step')} of training" if info.steps else "measured before any training",
        counted(varied, "factor"),
        *([] if findings.run.progress == FINISHED else [f"the study is {findings.run.progress}"]),
    )
    return ", ".join(told)
