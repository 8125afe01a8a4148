"""What a person sees who starts `mlflow ui` on a finished study: its runs, answer, report, curves and figures."""

import json
import re

import pytest
from mlflow import MlflowClient
from playwright.sync_api import expect
from support.mlflow_pages import Visitor, serving, store_many

import gradstudy

QUESTION = "Does *clipping* | <i>help</i>?"
TINY = [
    *("budget.trials=12", "budget.seeds=2", "budget.steps=5", "task.length=10", "model.width=8"),
    *("confirm.cures=0", "execution=inline"),
]
SPACE = ["~space.init", "space.lr.value=choice(0.01,1e30)"]
"""Half of the trials diverge, and the others have all the same metrics."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small finished study, and beside it one of 1000 trials."""
    folder = tmp_path_factory.mktemp("seen")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        found = gradstudy.run_study(["+study=rnn_clip", *TINY, *SPACE, f"question='{QUESTION}'"])
        store_many(folder / "mlflow.db", 1000)
    return found


@pytest.fixture(scope="module")
def visitor(browser, study):
    with serving(study.store) as address:
        yield Visitor(browser, address)


@pytest.fixture(scope="module")
def stored(study):
    """The runs of the study and of its trials."""
    client = MlflowClient(study.store)
    return client.search_runs([client.get_experiment_by_name(study.info.name).experiment_id])


@pytest.fixture(scope="module")
def runs(stored):
    """Where is the page of every run? By name."""
    return {run.info.run_name: f"experiments/{run.info.experiment_id}/runs/{run.info.run_id}" for run in stored}


@pytest.fixture
def visit(visitor):
    """Opens a page; whatever goes wrong on it fails the test."""
    visitor.errors.clear()
    yield visitor.open
    assert visitor.errors == []
    words = visitor.page.locator("body").inner_text()
    assert not re.search(r"\bNaN\b|[Ss]omething went wrong|Error Boundary|undefined", words)


def test_the_study_is_a_run_below_which_its_trials_are(visit, runs):
    assert len(runs) == 13
    page = visit(f"{runs['rnn_clip'].partition('/runs/')[0]}/runs?workflowType=machine_learning")
    expect(page.get_by_text("Does *clipping* | <i>help</i>?")).to_be_visible()
    expect(page.get_by_text("13 matching runs")).to_be_visible()
    trials = page.get_by_role("link", name=re.compile("trial 000.."))
    expect(trials).to_have_count(0)
    page.locator(".ag-row").get_by_role("button").first.click()
    expect(trials).to_have_count(12)


def test_the_description_of_a_study_is_its_answer_and_what_people_named_stays_text(visit, runs):
    page = visit(runs["rnn_clip"])
    expect(page.locator("strong", has_text=QUESTION)).to_be_visible()
    page.get_by_text("Show more").click()
    expect(page.get_by_role("heading", name="What makes gradients vanish?")).to_be_visible()
    expect(page.locator("td", has_text="noise floor")).to_have_count(2)


def test_the_report_opens_inside_mlflow_with_its_script_at_work(visit, runs):
    report = visit(f"{runs['rnn_clip']}/artifacts/report.html").frame_locator("iframe")
    expect(report.get_by_role("heading", name=QUESTION)).to_be_visible()
    report.locator("th[data-sort]").get_by_role("button").first.click()
    expect(report.locator("th[aria-sort]")).to_have_count(1)


def test_figures_and_tables_lie_beside_the_report(visit, runs):
    page = visit(f"{runs['rnn_clip']}/artifacts")
    page.get_by_text("figures", exact=True).click()
    page.get_by_text("ranking_vanishing.png").click()
    assert_drawn(page)
    page.get_by_text("ranking", exact=True).click()
    page.get_by_text("exploding.csv").click()
    expect(page.get_by_role("columnheader", name="share_low")).to_be_visible()


def test_a_trial_says_what_came_out_and_draws_its_gradients(visit, runs, diverged):
    page = visit(runs[diverged])
    expect(page.locator("strong", has_text="diverged")).to_be_visible()
    page = visit(f"{runs[diverged]}/artifacts/figures/flow.svg")
    assert_drawn(page)


def test_a_trial_that_diverged_has_its_charts_by_section(visit, runs, diverged):
    page = visit(f"{runs[diverged]}/model-metrics")
    for section in ("members", "norm", "response", "signal"):
        expect(page.get_by_role("figure").filter(has_text=re.compile(rf"{section}\s*\(\d+\)"))).to_be_attached()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()


def test_five_trials_are_compared(visit, stored):
    # For a metric that only one of them has, MLflow writes NaN beside it.
    five = [run for run in stored if run.data.tags.get("verdict") not in (None, "diverged")][:5]
    chosen = json.dumps([run.info.run_id for run in five])
    page = visit(f"compare-runs?runs={chosen}&experiments={json.dumps([five[0].info.experiment_id])}")
    expect(page.get_by_role("heading", name="Comparing 5 Runs")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    for name in ("response/vanishing", "init.gain", "verdict", "outcome", *(run.info.run_name for run in five)):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()


@pytest.mark.slow
def test_a_study_of_1000_trials_opens(visit, study):
    experiment = MlflowClient(study.store).get_experiment_by_name("many").experiment_id
    page = visit(f"experiments/{experiment}/runs?workflowType=machine_learning")
    expect(page.get_by_text("matching runs")).to_be_visible()
    page.locator(".ag-row").get_by_role("button").first.click()
    expect(page.get_by_role("link", name=re.compile("trial 000..")).nth(10)).to_be_visible()
    page.get_by_role("link", name="many").last.click()
    expect(page.get_by_role("link", name=re.compile("trial 000..")).first).to_be_visible()


@pytest.fixture
def diverged(study):
    """The name of a trial that diverged."""
    trials = study.trials
    return f"trial {trials.loc[trials['verdict'] == 'diverged', 'trial'].iloc[0]:05d}"


def assert_drawn(page):
    """Is a picture on this page, with something in it?"""
    picture = page.locator("main img >> visible=true").last
    expect(picture).to_have_attribute("src", re.compile("^blob:"))
    assert picture.evaluate("image => image.naturalWidth") > 200
