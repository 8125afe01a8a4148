"""A driver that is killed, without a word, while it sends its third trial. Arguments: store, study, folder, way.

The way is `calls` for one that stores runs by MLflow's client, and `rows` for one that writes to its tables.
"""

import os
import signal
import sys
from pathlib import Path

from gradstudy.tracking import runs, whole_run
from gradstudy.tracking.store import Mlflow
from gradstudy.tracking.writer import StudyWriter
from support.made_trials import make_info, make_result, make_shown

uri, study, folder, way = sys.argv[1:]
placed = runs.placed


def die_at_the_third(source, target):
    if source.name == "trial_00002.parquet":
        os.kill(os.getpid(), signal.SIGKILL)
    placed(source, target)


runs.placed = die_at_the_third
if way == "calls":
    whole_run.database_of = lambda _: None
with StudyWriter(Mlflow(uri), make_info(study), Path(folder), make_shown) as writer:
    for number in range(5):
        writer.write(make_result(number))
