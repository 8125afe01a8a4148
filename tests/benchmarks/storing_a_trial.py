"""Claim: Optuna, MLflow and Parquet take at most 30 ms per trial, and for the 10,000th at most 1.2x that of the first.

Trials are those of rnn_clip (4 seeds, 200 steps, 50 places). Trains 16 of them first, in this process, and then asks,
stores and tells as many as are wanted, one by one, each with what one of the 16 measured, and nothing else running.
Prints medians in milliseconds, the time of a plain loop, which says how fast this machine is (some 100 ms), and for
thousands of trials both per thousand, with the memory of the process.

    python tests/benchmarks/storing_a_trial.py [--trials 64]
"""

import argparse
import os
import platform
import resource
import statistics
import tempfile
import time
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

from gradstudy.configs.composition import hydra_ready
from gradstudy.execution.trainer import Trainer
from gradstudy.preparation import prepare
from gradstudy.report.mlflow.displays import trial_display
from gradstudy.search.storage import open_storage
from gradstudy.tracking.writer import StudyWriter

TRAINED, TOGETHER = 16, 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=64)
    trials = parser.parse_args().trials
    packages = ", ".join(f"{name} {version(name)}" for name in ("mlflow", "optuna", "sqlalchemy", "pyarrow"))
    print(
        f"{platform.machine()}, Python {platform.python_version()}, {packages}; {plain_loop():.0f} ms for a plain loop"
    )
    with tempfile.TemporaryDirectory() as folder, hydra_ready():
        os.chdir(folder)
        measured = trained()
        prepared = prepare(["+study=rnn_clip", "execution=inline", f"budget.trials={trials}"], "")
        _ = prepared.preview  # the design
        prepared.search.open(open_storage("", Path(folder)), "benchmark")
        start = time.perf_counter()
        asked = [one for batch in prepared.search.batches(trials) for one in batch]
        ask = 1000 * (time.perf_counter() - start) / trials
        writer = StudyWriter(
            prepared.launch.tracking, prepared.info, Path(folder), partial(trial_display, prepared.info)
        )
        writer.open()
        store, tell = [], []
        for one in asked:
            result = renumbered(measured[one.number % len(measured)], prepared.composer.trial(*one))
            store.append(milliseconds(partial(writer.write, result)))
            tell.append(milliseconds(partial(prepared.search.tell, one.number, result.rows)))
            if len(store) % TOGETHER == 0:
                print(f"{len(store):6d}: {said(store[-TOGETHER:], tell[-TOGETHER:])}, {memory()}", flush=True)
    together = ask + statistics.median(store) + statistics.median(tell)
    print(f"ask {ask:.1f} ms, {said(store, tell)}, together {together:.1f} ms per trial")


def trained():
    prepared = prepare(["+study=rnn_clip", "execution=inline", f"budget.trials={TRAINED}"], "")
    with prepared.launch.execution.start(prepared.devices) as runner:
        trainer = Trainer(runner)
        return [one for batch in prepared.batches for results in batch.trained(trainer) for one in results]


def renumbered(result, trial):
    """What was measured, as if it were this trial's."""
    records = tuple(replace(record, trial=trial.number) for record in result.records)
    rows = tuple({**row, "trial": trial.number} for row in result.rows)
    return replace(result, trial=trial, records=records, rows=rows)


def said(store, tell):
    return f"store {statistics.median(store):.1f} ms, tell {statistics.median(tell):.1f} ms"


def memory():
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most"


def plain_loop():
    return milliseconds(lambda: sum(number * number for number in range(2_000_000)))


def milliseconds(work):
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
