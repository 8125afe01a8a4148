"""The maps of the signal: which trials they are of, and that the embedded numbers are those of the record."""

import base64
import html
import json
import re

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.prescription.prescription import Prescription
from gradstudy.records import Factor
from gradstudy.report.figure.charts import NORMS
from gradstudy.report.html.pieces.trial_map import BROKEN, HUNDREDTHS, MIDDLE, ZERO, embedded
from gradstudy.report.html.sections.signal_section import (
    MOST_MAPS,
    common_scale,
    signal_section,
    spread_trials,
    trials_by_verdict,
    typical_trials,
)

FIGURE = re.compile(r'<figure class="flow[^>]*id="flow-(\d+)">(.*?)</figure>', re.DOTALL)


@pytest.fixture(scope="module")
def section(findings):
    return str(signal_section(findings))


def static(section):
    return section[: section.index("<template")] if "<template" in section else section


def code(section):
    return json.loads(html.unescape(re.search(r"data-code='([^']*)'", section)[1]))


def test_a_typical_trial_of_every_verdict_is_shown_without_a_script(findings, section):
    shown = [int(trial) for trial, _ in FIGURE.findall(static(section))]
    verdicts = findings.run.members.groupby("trial")["verdict"].agg(lambda own: own.mode().iloc[0])
    assert [verdicts[trial] for trial in shown] == ["healthy", "vanishing", "diverged"]
    assert "verdict-healthy" in section
    assert "verdict-exploding" not in section


def test_the_chooser_offers_the_typical_trials_and_others_of_every_verdict_each_of_which_is_there(section):
    offered = re.findall(r'<option value="(\d+)"', section)
    there = {trial for trial, _ in FIGURE.findall(section)}
    assert set(offered) <= there
    assert len(offered) == len(set(offered)) <= MOST_MAPS
    assert re.findall(r'<optgroup label="(\w+)"', section) == ["healthy", "vanishing", "diverged"]


def test_the_embedded_numbers_are_the_medians_of_the_record(findings, section):
    axes = code(section)["axes"]
    for trial, figure in FIGURE.findall(static(section)):
        numbers = np.frombuffer(base64.b64decode(re.search(r'data-numbers="([^"]*)"', figure)[1]), "<u2")
        places, steps = (axes[int(re.search(f'data-{name}="([^"]*)"', figure)[1])] for name in ("places", "steps"))
        record = findings.run.gradients(trial=[int(trial)], quantity="signal")
        decades = record.assign(decades=np.log10(record["value"])).groupby(["place", "step"])["decades"]
        median = decades.median().unstack().loc[places, steps]
        found = (numbers.reshape(len(places), len(steps)).astype(int) - MIDDLE) / HUNDREDTHS
        assert found == pytest.approx(median.to_numpy(), abs=0.5 / HUNDREDTHS)


def test_what_has_no_size_is_embedded_as_such_and_the_range_of_float64_fits():
    codes = np.frombuffer(base64.b64decode(embedded(np.array([[-np.inf, np.inf, -324.0, 309.0]]))), "<u2")
    assert codes.tolist() == [ZERO, BROKEN, MIDDLE - 324 * HUNDREDTHS, MIDDLE + 309 * HUNDREDTHS]


def test_every_map_is_told_in_words_and_where_seeds_diverged_it_is_crossed(section):
    for _, figure in FIGURE.findall(section):
        assert re.search(r'<img [^>]*alt="Signal at 3 places, layer_01 to layer_03: at step 0 [^"]+"', figure)
    diverged = next(
        figure for _, figure in FIGURE.findall(section) if ": trial" in figure and "diverged: trial" in figure
    )
    assert 'class="flow-end"' in diverged
    assert "a seed diverged at step 3" in diverged
    assert "a seed diverged here" in section


def test_the_legend_names_only_what_occurs(section):
    assert "exactly zero" not in section
    assert "not finite" not in section


def depth_map(*decades):
    return np.array([decades])


def test_colours_end_at_the_cap_from_the_last_place_or_where_the_numbers_do():
    assert common_scale([depth_map(*np.linspace(-40.0, -0.2, 40))], 10.0) == (-11.0, 0.0)
    assert common_scale([depth_map(-3.0, -1.0, 0.0)], 10.0) == (-4.0, 1.0)
    assert common_scale([depth_map(*[-200.0] * 300, 0.0)], 10.0) == (-10.0, 0.0)
    assert common_scale([depth_map(-np.inf, np.inf)], 10.0) == (-1.0, 1.0)


def test_the_gradient_norm_is_drawn_below_the_map_on_its_axis(section):
    """It triples on every of five steps, and is halved at the end: four even stretches up, the last one lower."""
    for _, figure in FIGURE.findall(static(section)):
        lines = re.findall(r'class="line" d="M([^"]*)"', figure)
        before, after = (np.array([pair.split(",") for pair in line.split()], dtype=float) for line in lines)
        assert before[:, 0] == pytest.approx([10.0, 30.0, 50.0, 70.0, 90.0])
        ticks = re.findall(r'<span style="left: ([\d.]+)%">(\d)</span>', figure)
        assert [float(at) for at, step in ticks] == [10.0 + 20.0 * int(step) for _, step in ticks]
        up = -np.diff(before[:, 1])
        assert up == pytest.approx([up[0]] * 4, abs=0.11)
        assert after[:4].tolist() == before[:4].tolist()
        assert after[4, 1] - before[4, 1] == pytest.approx(up[0] * np.log(2) / np.log(3), abs=0.11)
        assert 'aria-label="Gradient norm before clipping: 1e+00 at step 0, 8e+01 at step 4; from' in figure


def test_what_is_left_of_an_answer_by_distance_is_drawn_below_on_an_axis_of_all_trials(findings, make_study):
    """Of three time steps, half a decade per step of vanishing; theory says as much."""
    members, plain = findings.run.members, findings.run.gradients
    members = members.assign(gain_init_theory=-members.groupby("trial")["vanishing"].transform("mean"))
    rows = [
        (row.trial, row.seed, step, "signal_by_distance", f"distance_00{d}", 10.0 ** (-row.vanishing * d / 2))
        for row in members.itertuples() for step in (0, 4) for d in (1, 2)
    ]  # fmt: skip
    left = pd.DataFrame(rows, columns=["trial", "seed", "step", "quantity", "place", "value"])

    def gradients(**filters):
        kept = left
        for name, asked in filters.items():
            kept = kept[kept[name].isin(asked if isinstance(asked, list) else [asked])]
        return pd.concat([plain(**filters), kept], ignore_index=True)

    section = str(signal_section(make_study(members, responses=(), gradients=gradients)))
    assert "what is left of an answer&#39;s signal" in section or "what is left of an answer's signal" in section
    for trial, figure in FIGURE.findall(static(section)):
        chart = figure[figure.index("Left of an answer") :]
        first, last, theory = (
            np.array([pair.split(",") for pair in line.split()], dtype=float)
            for line in re.findall(r'class="line" d="M([^"]*)"', chart)
        )
        assert last.tolist() == first.tolist()
        assert np.diff(first, axis=0) == pytest.approx(np.diff(theory, axis=0), abs=0.11)
        lost = members.loc[members["trial"] == int(trial), "vanishing"].mean()
        assert (first[-1, 1] - first[0, 1]) / 100 * 11 == pytest.approx(lost, abs=0.02)  # from 10 to 1e-10
        assert "after 1, " in html.unescape(chart[: chart.index(">")])


def test_without_a_norm_or_a_second_step_there_is_no_chart(findings, make_study):
    def only_signal(**filters):
        return findings.run.gradients(**filters | {"quantity": "signal"})

    def only_first(**filters):
        return findings.run.gradients(**filters | {"step": 0})

    for gradients in (only_signal, only_first):
        found = str(signal_section(make_study(findings.run.members, responses=(), gradients=gradients)))
        assert "flow-map" in found
        assert "flow-curves" not in found


def test_names_and_levels_stay_text(make_study):
    odd = "<script>alert(1)</script>"
    factors = (Factor("a'\"b", (odd, "relu")), Factor("lr.value", low=0.001, high=0.1, log=True))
    rows = [
        {"trial": trial, "seed": 0, "phase": "screen", "a'\"b": odd, "lr.value": 0.01, "vanishing": 0.1,
         "exploding": 0.1, "gain": -0.1, "gain_init": -0.1, "verdict": "healthy", "outcome": "learned",
         "first_bad_step": None, "first_bad_tensor": None}
        for trial in (0, 1)
    ]  # fmt: skip
    record = pd.DataFrame(
        [(t, 0, 0, "signal", place, 1.0) for t in (0, 1) for place in ("it's <b>", '"')],
        columns=["trial", "seed", "step", "quantity", "place", "value"],
    )
    study = make_study(pd.DataFrame(rows), factors=factors, responses=(), gradients=lambda **_: record)
    found = str(signal_section(study))
    assert "<script" not in found
    assert "<b>" not in found
    assert html.escape(odd, quote=False) in found
    assert code(found)["axes"][0] == ["it's <b>", '"']


def test_forty_trials_of_fifty_places_and_sixty_steps_with_clipped_norms_stay_below_800_kb(make_study):
    random = np.random.default_rng(0)
    verdicts = ["healthy", "vanishing", "exploding", "diverged"]
    members = pd.DataFrame(
        {
            "trial": range(80), "seed": 0, "phase": "screen", "activation": "tanh", "vanishing": 1.0, "exploding": 1.0,
            "gain": random.normal(size=80), "verdict": np.resize(verdicts, 80), "first_bad_step": np.nan,
            "first_bad_tensor": None,
        }
    )  # fmt: skip
    places = [f"time_{place:03d}" for place in range(50)]

    def gradients(trial, **_):
        grid = pd.MultiIndex.from_product([trial, [0], range(60), ["signal"], places])
        rows = grid.to_frame(index=False, name=["trial", "seed", "step", "quantity", "place"])
        walk = random.normal(scale=0.5, size=(len(trial) * 60, 50)).cumsum(axis=1)  # from place to place, on every step
        grid = pd.MultiIndex.from_product([trial, [0], range(60), NORMS.values(), ["all"]])
        norms = grid.to_frame(index=False, name=list(rows))
        norms["value"] = 10.0 ** random.normal(size=len(norms))
        return pd.concat([rows.assign(value=10.0 ** walk.ravel()), norms])

    study = make_study(members, factors=(Factor("activation", ("tanh", "relu")),), responses=(), gradients=gradients)
    found = str(signal_section(study))
    assert len(FIGURE.findall(found)) >= MOST_MAPS
    assert found.count("flow-curves") >= MOST_MAPS
    assert len(found) < 800_000


def members_of(*trials):
    """(gain, verdict of each seed) per trial, whose numbers start at 10."""
    rows = [
        {"trial": 10 + which, "seed": seed, "gain": gain, "verdict": verdict, "vanishing": 0.0, "exploding": 0.0}
        for which, (gain, *verdicts) in enumerate(trials)
        for seed, verdict in enumerate(verdicts)
    ]
    return pd.DataFrame(rows).assign(outcome="untrained", learned=np.nan)


def test_trials_stand_under_their_verdict_in_the_order_of_their_gains():
    found = trials_by_verdict(
        members_of((0.5, "healthy", "healthy"), (-4.0, "vanishing", "healthy"), (0.1, "healthy", "healthy"))
    )
    assert {verdict: own.index.tolist() for verdict, own in found.items()} == {"healthy": [12, 10], "vanishing": [11]}


def test_typical_is_the_trial_nearest_to_the_median_gain():
    gains = (-9.0, -3.0, -5.0, -4.0, -5.5)
    found = trials_by_verdict(members_of(*((gain, "vanishing") for gain in gains)))
    assert typical_trials(found, ()) == {"vanishing": 12}


def test_typical_of_a_failing_verdict_is_where_its_prescription_starts():
    found = trials_by_verdict(
        members_of((-9.0, "vanishing"), (-4.0, "vanishing"), (-3.0, "vanishing"), (0.0, "healthy"))
    )
    start = Prescription(trial=10, levels={}, verdict="vanishing")
    assert typical_trials(found, [start]) == {"healthy": 13, "vanishing": 10}


def test_the_others_are_spread_from_the_smallest_gain_to_the_largest_and_shared_among_the_verdicts():
    many = [(float(gain), "vanishing") for gain in range(9)] + [(0.0, "healthy"), (1.0, "healthy")]
    found = spread_trials(trials_by_verdict(members_of(*many)), 6)
    assert found == {"healthy": [19, 20], "vanishing": [10, 14, 18]}
