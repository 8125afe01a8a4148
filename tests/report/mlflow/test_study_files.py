"""What a finished study leaves for people: its page, and tables and figures of what there is."""

import io

import pandas as pd
import pytest

from gradstudy.analysis.theory.agreement import agreement
from gradstudy.report.mlflow.displays import study_files

MEMBERS = pd.DataFrame(
    [(trial, 0, 0.0, 0.0, "healthy", -trial, -trial - 0.1) for trial in range(4)],
    columns=["trial", "seed", "vanishing", "exploding", "verdict", "gain_init", "gain_init_theory"],
)
PNG = b"\x89PNG"


@pytest.fixture
def files(make_findings, monkeypatch):
    """The files of a study, with a page that takes no time."""
    monkeypatch.setattr(
        "gradstudy.report.mlflow.displays.report_page", lambda findings: f"<p>{findings.run.info.name}</p>"
    )
    return lambda **fields: study_files(make_findings(MEMBERS, **fields))


def test_a_study_that_ranked_nothing_has_its_page_alone(files):
    assert files() == {"report.html": b"<p>rnn_clip</p>"}


def test_every_ranking_has_a_table_and_its_figures_and_theory_has_one(files, make_ranking):
    rows = ({"factor": "init", "share": 0.123456}, {"factor": "activation"}, {"factor": "dummy"})
    rankings = (make_ranking(*rows), make_ranking(*rows, response="exploding"))
    found = files(rankings=rankings, theory=agreement(MEMBERS))
    figures = {f"figures/{kind}_{one.response}.png" for kind in ("ranking", "interactions") for one in rankings}
    tables = {"ranking/vanishing.csv", "ranking/exploding.csv"}
    assert set(found) == {"report.html", "figures/theory.png", *figures, *tables}
    assert all(found[name].startswith(PNG) for name in (*figures, "figures/theory.png"))
    table = pd.read_csv(io.BytesIO(found["ranking/vanishing.csv"]))
    assert list(table["factor"]) == ["init", "activation", "dummy"]
    assert table["share"][0] == 0.1235


def test_one_factor_has_no_interactions_and_a_ranking_without_shares_no_figure(files, make_ranking):
    alone = files(rankings=(make_ranking({"factor": "init"}, {"factor": "dummy"}),))
    assert {"figures/ranking_vanishing.png", "ranking/vanishing.csv", "report.html"} == set(alone)
    nan = float("nan")
    unknown = make_ranking({"factor": "init", "share": nan, "first": nan}, {"factor": "lr", "share": nan, "first": nan})
    assert {"ranking/vanishing.csv", "report.html"} == set(files(rankings=(unknown,)))
