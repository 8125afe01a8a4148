"""Claim: Optuna, MLflow and Parquet together take at most 60 ms per trial of rnn_clip (4 seeds, 200 steps, 50 places).

Trains a few trials in this process first, then times asking, storing and telling them one by one, with nothing else
running. Prints medians in milliseconds.

    python tests/benchmarks/storing_a_trial.py [--trials 24]
"""

import argparse
import os
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

from gradstudy.configs.composition import hydra_ready
from gradstudy.preparation import prepare
from gradstudy.report.mlflow.displays import trial_display
from gradstudy.search.storage import open_storage
from gradstudy.tracking.writer import StudyWriter


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=24)
    trials = parser.parse_args().trials
    with tempfile.TemporaryDirectory() as folder, hydra_ready():
        os.chdir(folder)
        prepared = prepare(["+study=rnn_clip", "execution=inline", f"budget.trials={trials}"], "")
        asking, results = seconds_of_asking(prepared, Path(folder)), list(train_inline(prepared))
        show = partial(trial_display, prepared.info)
        writer = StudyWriter(prepared.launch.tracking, prepared.info, Path(folder), show)
        storing = [seconds(lambda result=result: writer.write(result)) for result in results]
        telling = [seconds(lambda r=r: prepared.search.tell(r.trial.number, r.rows)) for r in results]
    parts = {"ask": asking / trials, "store": statistics.median(storing), "tell": statistics.median(telling)}
    print(", ".join(f"{name} {1000 * part:.1f} ms" for name, part in parts.items()))
    print(f"together {1000 * sum(parts.values()):.1f} ms per trial")


def seconds_of_asking(prepared, folder):
    prepared.search.open(open_storage("", folder), "benchmark")
    return seconds(lambda: list(prepared.search.batches(len(prepared.preview))))


def train_inline(prepared):
    with prepared.launch.execution.start(prepared.devices) as runner:
        for batch in prepared.batches:
            yield from batch.trained(runner)


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
