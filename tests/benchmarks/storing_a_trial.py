"""Claim: Optuna, MLflow and Parquet take at most 30 ms per trial, and for the 10,000th at most 1.2x that of the first.

Trials are those of rnn_clip (4 seeds, 200 steps, 50 places). Trains 16 of them first, in this process, and then asks,
stores and tells as many as are wanted, one by one, each with what one of the 16 measured, and nothing else running.
Prints medians in milliseconds, by the clock and, behind a stroke, of the processor alone, without waiting for the disk
or for others: in all, of the parts, and of every hundred or thousand trials, with the memory that the process has. A
plain loop beside them, of the processor's time too, says how fast this machine is (some 100 ms).

    python tests/benchmarks/storing_a_trial.py [--trials 64]
"""

import argparse
import os
import platform
import re
import tempfile
import time
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gradstudy.configs.composition import hydra_ready
from gradstudy.execution.trainer import Trainer
from gradstudy.preparation import prepare
from gradstudy.report.mlflow.displays import trial_display
from gradstudy.search.storage import open_storage
from gradstudy.tracking.record_file import write_trial
from gradstudy.tracking.trial_metrics import trial_metrics
from gradstudy.tracking.writer import StudyWriter

TRAINED, TOGETHER, FEW = 16, 1000, 100


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=64)
    trials = parser.parse_args().trials
    packages = ", ".join(f"{name} {version(name)}" for name in ("mlflow", "optuna", "sqlalchemy", "pyarrow"))
    print(f"{platform.machine()}, Python {platform.python_version()}, {packages}; {plain_loop()}")
    with tempfile.TemporaryDirectory() as folder, hydra_ready():
        os.chdir(folder)
        measured = trained()
        prepared = prepare(["+study=rnn_clip", "execution=inline", f"budget.trials={trials}"], "")
        _ = prepared.preview  # the design
        prepared.search.open(open_storage("", Path(folder)), "benchmark")
        asked = []
        ask = timed(lambda: asked.extend(one for batch in prepared.search.batches(trials) for one in batch)) / trials
        print(parts(measured, prepared, Path(folder)))
        writer = StudyWriter(
            prepared.launch.tracking, prepared.info, Path(folder), partial(trial_display, prepared.info)
        )
        writer.open()
        store, tell = [], []
        for one in asked:
            result = renumbered(measured[one.number % len(measured)], prepared.composer.trial(*one))
            store.append(timed(partial(writer.write, result)))
            tell.append(timed(partial(prepared.search.tell, one.number, result.rows)))
            if (done := len(store)) == FEW or done % TOGETHER == 0 or done == trials > FEW:
                few = FEW if done in (FEW, trials) else TOGETHER
                print(
                    f"{done - few:6d} to {done}: {said(store[-few:], tell[-few:])}; {memory()}; {plain_loop()}",
                    flush=True,
                )
    together = ask + np.median(store, axis=0) + np.median(tell, axis=0)
    print(f"ask {shown(ask)}, {said(store, tell)}, together {shown(together)} per trial; {plain_loop()}")


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


def parts(measured, prepared, folder):
    """What single parts of storing take; the rest is MLflow's."""
    works = {
        "record": lambda result: write_trial(result, folder / "record.parquet"),
        "picture and note": partial(trial_display, prepared.info),
        "metrics": lambda result: trial_metrics(result, prepared.launch.tracking.points),
    }
    medians = {
        name: shown(np.median([timed(partial(work, one)) for one in measured], 0)) for name, work in works.items()
    }
    return "of it " + ", ".join(f"{name} {median}" for name, median in medians.items())


def said(store, tell):
    return f"store {shown(np.median(store, axis=0))}, tell {shown(np.median(tell, axis=0))}"


def shown(clocks):
    return "{:.1f} | {:.1f} ms".format(*clocks)


def memory():
    """What the process has in memory now, where that can be read."""
    status = Path("/proc/self/status")
    resident = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return f"{int(resident[1]) / 1024:.0f} MB" if resident else "memory not known"


def plain_loop():
    _, processor = timed(lambda: sum(number * number for number in range(2_000_000)))
    return f"{processor:.0f} ms for a plain loop"


def timed(work):
    """Milliseconds by the clock, and of the processor in all threads."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return 1000 * np.array([time.perf_counter() - clock, time.process_time() - processor])


if __name__ == "__main__":
    main()
