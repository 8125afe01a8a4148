"""One configuration as one HTML page: what is the matter with it, where its signal shrinks or grows, and what now."""

import json
import shlex
from math import inf

from markupsafe import Markup

from gradstudy.analysis.responses.fading import fadings
from gradstudy.analysis.responses.signal_map import signal_map
from gradstudy.measurement import Measurement
from gradstudy.records import trial_verdict
from gradstudy.report.diagnosis.diagnose import diagnosis_lines
from gradstudy.report.diagnosis.suggestion import asked, suggested_study
from gradstudy.report.diagnosis.suspects.ranked import ranked_suspects
from gradstudy.report.diagnosis.suspects.suspect import case_of
from gradstudy.report.figure.charts import NORMS, seed_curves
from gradstudy.report.figure.heat_image import colour_stops
from gradstudy.report.html.page import PageSection, whole_page
from gradstudy.report.html.pieces.trial_map import NUMBER_CODE, trial_map
from gradstudy.report.html.sections.signal_section import colour_ticks, common_scales
from gradstudy.report.rendering import render
from gradstudy.response import RESPONSES
from gradstudy.words.trial_words import verdicts_words


def trial_page(measured: Measurement) -> str:
    """What `mode=trial` says of one configuration as a whole HTML document, with its signal as a map and charts."""
    case, overrides = case_of(measured), asked(measured.overrides)
    suspects, name = ranked_suspects(case), " ".join(overrides) or "the defaults"
    head = render(
        "trial_head.html",
        seeds=len(measured.records),
        steps=case.steps,
        verdicts=verdicts_words(measured.members),
        lines=diagnosis_lines(case.symptoms, suspects),
    )
    study = suggested_study(overrides, measured.choices, suspects, measured.own_factors)
    call = f"gradstudy.measure({json.dumps(overrides, ensure_ascii=False)})"
    ways = render("trial_ways.html", study=shlex.join(["python", "-m", "gradstudy", *study]), notebook=call)
    parts = (
        PageSection("signal", "signal", _signal(measured, name)),
        PageSection("responses", "responses", _responses(measured)),
        *([PageSection("data", "data", render("trial_data.html", data=measured.data))] if measured.data else []),
        PageSection("ways", "what now", ways),
    )
    return whole_page(name, head, parts)


def _signal(measured: Measurement, levels: str) -> Markup:
    records, members = measured.records, measured.members
    signal, norms, fades = signal_map(records), seed_curves(records, NORMS), fadings(records)
    theory = measured.prediction.by_distance if fades and measured.prediction else None
    scales = common_scales([signal], [norms], [fades], inf)  # nothing stands beside it
    verdict = trial_verdict(members["verdict"])
    one = trial_map(members, signal, norms, fades, scales, theory=theory, verdict=verdict, levels=levels)
    axes = list(dict.fromkeys((one.places, one.steps)))
    return render(
        "trial.html",
        one=one,
        colours=colour_stops(),
        scale=colour_ticks(scales.colours),
        trained=len(signal.steps) > 1,
        theory=theory is not None,
        code={**NUMBER_CODE, "axes": axes},
    )


def _responses(measured: Measurement) -> Markup:
    found = {name: measured.members[name] for name in RESPONSES}
    rows = [
        (name, (values.median(), values.min(), values.max()), RESPONSES[name].unit) for name, values in found.items()
    ]
    return render("trial_numbers.html", rows=rows)
