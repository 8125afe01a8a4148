import numpy as np
import pandas as pd

from gradstudy.report.terminal.study.ranking_table import MOST_COLUMNS, cell_grid


def cells(rows, columns, means):
    """Of the factors act (a) and depth (b)."""
    pairs = [(one, other) for one in rows for other in columns]
    table = pd.DataFrame(pairs, columns=["level_a", "level_b"])
    return table.assign(factor_a="act", factor_b="depth", trials=3, diverged=0, mean=np.ravel(means))


def lines(render, table):
    return [line.rstrip() for line in render(cell_grid(table, unit="decades", digits=1)).splitlines()]


def test_a_grid_has_a_mean_per_cell_and_a_dash_where_there_is_no_trial(render):
    table = cells(["tanh", "relu", "elu"], ["4", "32"], [[1.0, 2.25], [3.0, np.nan], [-0.04, 10.0]])
    title, *grid = lines(render, table)
    assert title == "Together: act (down) and depth (across), mean in decades"
    assert [line.split() for line in grid] == [
        ["act", "4", "32"],
        ["-----", "----", "----"],
        ["tanh", "1.0", "2.2"],
        ["relu", "3.0", "-"],
        ["elu", "0.0", "10.0"],
    ]


def test_the_factor_with_more_levels_runs_down(render):
    page = lines(render, cells(["tanh", "relu"], ["4", "8", "16"], [[1, 2, 3], [4, 5, 6]]))
    assert page[0].startswith("Together: depth (down) and act (across)")
    assert [line.split() for line in page[3:]] == [["4", "1.0", "4.0"], ["8", "2.0", "5.0"], ["16", "3.0", "6.0"]]


def test_what_fits_on_no_page_is_not_shown():
    many = [str(level) for level in range(MOST_COLUMNS + 1)]
    assert cell_grid(cells(many, many, np.zeros((len(many),) * 2)), unit="decades", digits=1) is None
