"""A driver that is killed, without a word, while it sends its third trial. Arguments: store, study, folder."""

import os
import signal
import sys
from pathlib import Path

from gradstudy.tracking import runs
from gradstudy.tracking.store import Mlflow
from gradstudy.tracking.writer import StudyWriter
from support.made_trials import make_info, make_result, make_shown

uri, study, folder = sys.argv[1:]
copyfile = runs.copyfile


def die_at_the_third(source, target):
    if source.name == "trial_00002.parquet":
        os.kill(os.getpid(), signal.SIGKILL)
    return copyfile(source, target)


runs.copyfile = die_at_the_third
with StudyWriter(Mlflow(uri), make_info(study), Path(folder), make_shown) as writer:
    for number in range(5):
        writer.write(make_result(number))
