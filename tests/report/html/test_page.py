"""The whole page as text: complete, self-contained, small, and there for whatever a study found."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gradstudy.analysis.space.coordinates import CodedTrials, encode
from gradstudy.analysis.space.levels import level_table
from gradstudy.records import DUMMY, HUNT, Factor
from gradstudy.report.html.page import assets, report_page
from gradstudy.response import RANKED, TIME

LARGEST = 3_000_000
"""Bytes."""


def test_the_contents_list_leads_to_every_section(whole_page):
    contents = re.search(r"<nav.*?</nav>", whole_page, re.DOTALL)[0]
    assert re.findall(r'href="#([^"]+)"', contents) == re.findall(r'<section id="([^"]+)"', whole_page)
    ids = re.findall(r' id="([^"]+)"', whole_page)
    assert len(ids) == len(set(ids))


def test_the_page_asks_for_nothing_beyond_itself(whole_page):
    page = whole_page
    addresses = re.findall(r'(?:src|href|action|data|poster)="([^"]*)"', page) + re.findall(r"url\(([^)]*)\)", page)
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_the_same_findings_make_the_same_page(findings, whole_page):
    assert report_page(findings) == whole_page


def test_a_study_of_a_thousand_trials_and_twelve_factors_is_small_enough_to_send(make_study, make_ranking, large):
    members, factors = large
    rows = [{"factor": factor.name, "trials": 1000} for factor in factors]
    trials = members[members["seed"] == 0]
    levels = level_table(
        CodedTrials(factors, encode(trials, factors), trials["vanishing"].to_numpy()), np.zeros(1000), 0.95
    )
    rankings = tuple(make_ranking(*rows, response=response, levels=levels) for response in ("vanishing", "exploding"))
    page = report_page(make_study(members, factors, responses=(), gradients=record_of(members), rankings=rankings))
    assert len(page.encode()) < LARGEST
    assert "Drawn are 600 of the 1000 trials" in page


@pytest.fixture
def large():
    random = np.random.default_rng(0)
    numbers = [Factor(f"optimizer.coefficient_{which}", low=1e-4, high=1.0, log=True) for which in range(6)]
    choices = [Factor(f"group_{which}", tuple(f"level_{level}" for level in range(6))) for which in range(6)]
    columns = {factor.name: random.choice(factor.levels, 1000) for factor in choices}
    columns |= {factor.name: 10 ** random.uniform(-4, 0, 1000) for factor in numbers}
    trials = pd.DataFrame(columns).assign(trial=range(1000), dummy=0.5, phase="screen")
    trials["verdict"] = random.choice(["healthy", "vanishing", "exploding", "diverged"], 1000)
    members = pd.concat([trials.assign(seed=seed, vanishing=random.uniform(0, 10, 1000)) for seed in range(2)])
    ends = np.where(members["verdict"] == "diverged", 3.0, np.nan)
    members = members.assign(exploding=random.uniform(0, 10, 2000), first_bad_step=ends, first_bad_tensor="loss")
    gains = {"gain": -members["vanishing"], "gain_init": -members["vanishing"]}
    return members.assign(**gains).sort_values(["trial", "seed"], ignore_index=True), (*numbers, *choices)


def record_of(members):
    """A record that cannot be compressed: noise at 50 places on 60 steps, for the trials that are asked for."""
    random = np.random.default_rng(0)

    def gradients(trial, quantity="signal", step=None):
        grid = pd.MultiIndex.from_product(
            [trial, range(2), ["signal"], range(60), [f"layer_{place:02d}" for place in range(50)]],
            names=["trial", "seed", "quantity", "step", "place"],
        )
        return grid.to_frame(index=False).assign(value=10 ** random.uniform(-10, 10, len(grid)))

    return gradients


def few(findings, trials):
    return findings.run.members[findings.run.members["trial"] < trials].reset_index(drop=True)


def test_there_is_a_section_for_every_response_that_can_be_ranked(make_study, findings):
    members = findings.run.members
    members = members.assign(rate=members["gain"] / 3, clipped=members["vanishing"] / 10, learned=0.5)
    rankings = tuple(replace(findings.rankings[0], response=response) for response in RANKED)
    page = report_page(make_study(members, responses=(), rankings=rankings))
    assert re.findall(r'<section id="ranking-(\w+)"', page) == list(RANKED)
    for unit in ("decades per place", "share of steps", "steps"):
        assert f", {unit}</span></h2>" in page


def test_a_time_to_divergence_is_told_in_steps_with_the_share_that_diverged(make_study, findings):
    page = report_page(make_study(few(findings, 12), responses=(TIME,)))
    assert "What makes training last before it diverges?" in page
    assert re.search(r"n=\d, \d+ % diverged", page)


def test_a_study_of_one_trial_has_a_page_that_says_what_is_missing(make_study, findings):
    page = report_page(make_study(few(findings, 1)))
    assert "No ranking: 1 trials, at least 8 are needed" in page
    assert "whose doing is the variance?" not in page


def test_a_study_in_which_every_member_diverged_has_a_page(make_study, findings):
    ends = {"verdict": "diverged", "vanishing": 10.0, "exploding": 10.0, "first_bad_step": 0.0, "gain": -10.0}
    page = report_page(make_study(findings.run.members.assign(first_bad_tensor="loss", **ends)))
    assert "Every member diverged." in page
    assert "diverged 72 (100 %)" in page


def test_a_hunt_has_a_page_without_rankings(make_study, findings):
    members = findings.run.members.assign(phase=HUNT)
    page = report_page(make_study(members, responses=(), info={"phases": (HUNT,)}))
    assert "ranking-" not in page
    assert 'id="verdicts"' in page


def test_long_names_and_many_levels_have_their_place(make_study, findings):
    name = "a_factor_with_a_name_of_sixty_letters." + "x" * 22
    factors = (Factor(name, tuple(f"level_{which:02d}" for which in range(20))), DUMMY)
    levels = [f"level_{trial % 20:02d}" for trial in findings.run.members["trial"]]
    members = findings.run.members.assign(**{name: levels})
    page = report_page(make_study(members, factors))
    assert len(re.findall(r'<th scope="row" class="name">level_\d\d', page)) == 20


def test_shares_that_nobody_knows_leave_a_page(make_study, findings):
    ranking = findings.rankings[0]
    table = ranking.table.assign(share=np.nan, first=np.nan, rank_low=pd.NA, rank_high=pd.NA)
    page = report_page(
        make_study(responses=(), rankings=(replace(ranking, table=table, fit=-0.2, noise_floor=np.nan),))
    )
    assert "? [" in page
    assert "Which factors act together" not in page


@pytest.mark.parametrize("ending", [".css", ".js"])
def test_the_pages_own_file_comes_first_and_none_ends_a_script(ending):
    text = assets(ending)
    assert text.startswith({".css": "/* What every section", ".js": "// Tooltips"}[ending])
    assert "</" not in text
