"""What was read of a person's data, before anything is learned from it."""

from collections.abc import Mapping

from rich.table import Table

from gradstudy.report.terminal.plain import plain_grid, plain_name, plain_text


def data_table(data: Mapping[str, str]) -> Table | None:
    """A line per thing that is told of the data; None where nothing is."""
    if not data:
        return None
    grid = plain_grid()
    for about, words in data.items():
        grid.add_row(plain_name(about), plain_text(words))
    return grid
