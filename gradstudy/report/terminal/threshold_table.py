"""How do the verdicts move with the thresholds?"""

import pandas as pd
from rich.table import Table
from rich.text import Text

from gradstudy.records import VERDICTS
from gradstudy.report.terminal.plain import plain_name, plain_table
from gradstudy.report.verdict_words import threshold_words


def threshold_table(counts: pd.DataFrame) -> Table:
    """How many members get each verdict when one threshold moves? `counts` is that of `verdicts_by_threshold`."""
    table = plain_table("threshold (decades)", *VERDICTS, numbers=VERDICTS)
    for row in counts.to_dict("records"):
        table.add_row(plain_name(threshold_words(row)), *(Text(str(row[verdict])) for verdict in VERDICTS))
    return table
