"""The first two notebooks, one after the other in one folder: they run, and what they conclude is true."""

import pytest

FIRST_STUDY = {
    "Most of these networks vanish.": 'run.members["verdict"].eq("vanishing").mean() > 0.5',
    "The initial weights decide it: init and init.gain are the two largest causes of vanishing, with evidence for "
    "both.": '(vanishing.table.head(2)["factor"].tolist() == ["init", "init.gain"]'
    ' and vanishing.table.head(2)["evidence"].all())',
    "Larger initial weights help against vanishing.": (
        'vanishing.levels.query("factor == \'init.gain\'")["effect"].iloc[1:].max() < -1'
    ),
    "What helps against the one invites the other: init and init.gain are also causes of exploding.": (
        '{"init", "init.gain"} <= set(exploding.table.query("evidence")["factor"])'
    ),
    "That clipping keeps these networks from exploding is not seen here.": (
        '"clipping" not in exploding.table.query("evidence")["factor"].tolist()'
    ),
}
STORED_RUNS = {
    "Two seeds of a trial say much the same about vanishing.": "seeds.corr().loc[0, 1] > 0.7",
    "A lower threshold can only move networks towards vanishing, and it does.": (
        'strict.members["verdict"].eq("vanishing").sum() > run.members["verdict"].eq("vanishing").sum()'
    ),
    "The two largest causes of vanishing are init and init.gain under both caps.": (
        'all(set(one.rank("vanishing").table["factor"].head(2)) == {"init", "init.gain"} for one in (run, strict))'
    ),
    "A stored trial runs again with the same verdicts.": (
        'again.members["verdict"].tolist() == run.members.query("trial == @worst")["verdict"].tolist()'
    ),
    "Few networks diverged, so little can be said about when they do.": (
        'run.members["verdict"].eq("diverged").mean() < 0.1'
        ' and not run.rank("time_to_divergence").table["evidence"].any()'
    ),
}


@pytest.fixture(scope="module")
def true_claims(execute, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    return execute("01_first_study", folder, FIRST_STUDY) | execute("02_reading_stored_runs", folder, STORED_RUNS)


@pytest.mark.slow
@pytest.mark.parametrize("claim", [*FIRST_STUDY, *STORED_RUNS])
def test_what_is_concluded_is_true(true_claims, claim):
    assert true_claims[claim]
