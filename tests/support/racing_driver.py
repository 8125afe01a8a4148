"""A driver that meets another one, storm after storm. Arguments: tracking or search, store, own folder, the other's.

Both begin each study at the same moment, each without knowing whether the other is first; nothing is trained.
"""

import sys
import time
from pathlib import Path

from gradstudy.errors import InputError
from gradstudy.locking.hold import Hold
from gradstudy.search.storage import claim, open_storage
from gradstudy.tracking.store import Mlflow
from gradstudy.tracking.writer import StudyWriter
from support.hunted import FACTORS, driven, made, option
from support.made_trials import make_info, make_result, make_shown

STORMS, TRIALS = 10, 4


def meet(own, other, storm):
    """Both are here."""
    (own / f"here_{storm}").touch()
    while not (other / f"here_{storm}").exists():
        time.sleep(0.001)


def store_trials(uri, name, folder, hold):
    writer = StudyWriter(Mlflow(uri), make_info(name), folder, make_shown, hold)
    missing = [number for number in range(TRIALS) if number not in writer.stored()]
    with writer:
        for number in missing:
            writer.write(make_result(number))


def ask_trials(url, name, folder, hold):
    storage = open_storage(url, folder)
    try:
        claim(storage, name, hold)
        search = made(option("tpe", batch=2, objective=["vanishing"]), FACTORS[:2])

        def opened(search, *_):
            search.open(storage, name)
            return search

        driven(search, folder, TRIALS, opens=opened)
    finally:
        storage.engine.dispose()


if __name__ == "__main__":
    kind, store, *folders = sys.argv[1:]
    own, other = map(Path, folders)
    for storm in range(STORMS):
        meet(own, other, storm)
        try:
            with Hold() as hold:
                {"tracking": store_trials, "search": ask_trials}[kind](store, f"storm{storm}", own / str(storm), hold)
        except InputError as refused:
            print(f"refused: {refused}", flush=True)
        else:
            print("ran it", flush=True)
