"""Claim: gradstudy trains rnn_clip at least 15x faster than a plain script and 6x faster than serial PyTorch.

Runs three sides interleaved, in rounds, on the same trials of the study's design: (a) a plain script, (b) serial
PyTorch with the same recording, (c) `python -m gradstudy` on every core, with Optuna, MLflow and Parquet. Every process
has one thread; (a) and (b) are one process, as such scripts are, and their start-up is not counted; (c) is given
without start-up and ranking, as its own progress line measures it, and as a whole, with start-up, ranking and report:
without trying cures (`confirm.cures=0`), as (a) and (b) try none, and as it is by default, with cures tried on fresh
networks, which are not counted as members. Prints medians and ratios.

    python tests/benchmarks/members_per_second.py [--width 32] [--rounds 3] [--trials 128] [--serial-members 4]
"""

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import plain_script
import serial_pytorch
import torch

from gradstudy.configs.composition import hydra_ready
from gradstudy.preparation import prepare

os.environ.setdefault("OMP_NUM_THREADS", "1")


SEEDS, STEPS, LENGTH, BATCH = 4, 200, 50, 32


def main():
    options = read_options()
    torch.set_num_threads(1)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"torch {torch.__version__}, Python {platform.python_version()}"
    )
    members, rates = sample_of_the_study(options), {side: [] for side in ("a", "b", "c", "whole", "cures")}
    size = {"width": options.width, "length": LENGTH, "batch_size": BATCH, "steps": STEPS}
    for round_number in range(options.rounds):
        chosen = members[round_number :: options.rounds][: options.serial_members]
        with tempfile.TemporaryDirectory() as folder:
            rates["a"].append(len(chosen) / plain_script.run(chosen, **size, folder=folder))
            rates["b"].append(len(chosen) / serial_pytorch.run(chosen, **size))
            seconds, page = launch(options, f"{folder}/plain", "confirm.cures=0")
            rates["c"].append(float(re.findall(r"([\d.]+) members/s", page)[-1]))
            rates["whole"].append(options.trials * SEEDS / seconds)
            rates["cures"].append(options.trials * SEEDS / launch(options, f"{folder}/cures")[0])
        print(
            f"round {round_number + 1}: " + ", ".join(f"({side}) {rates[side][-1]:.2f}" for side in rates), flush=True
        )
    report(options, rates)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=128)
    parser.add_argument("--serial-members", type=int, default=4)
    return parser.parse_args()


def sample_of_the_study(options):
    """Members of the study's own design, as (levels, seed), spread over it."""
    with hydra_ready():
        design = prepare(["+study=rnn_clip", f"budget.trials={options.trials}"], "").preview
    trials = [{name: level for name, level in trial.levels.items() if name != "dummy"} for trial in design]
    return [(levels, seed) for seed in range(SEEDS) for levels in trials]


def launch(options, folder, *further):
    os.mkdir(folder)
    command = [
        *(sys.executable, "-m", "gradstudy", "+study=rnn_clip", f"model.width={options.width}"),
        *(f"budget.trials={options.trials}", f"task.length={LENGTH}", f"task.batch_size={BATCH}"),
        *further,
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("MLFLOW_TRACKING_URI", None)  # of (a), where one launch would find what another has stored
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environment)
    return time.perf_counter() - start, done.stdout


def report(options, rates):
    median = {side: statistics.median(found) for side, found in rates.items()}
    print(f"width {options.width}, length {LENGTH}, batch {BATCH}, {STEPS} steps; {options.rounds} interleaved rounds")
    print("medians, members/s:")
    print(f"  (a) plain script                  {median['a']:6.2f}")
    print(f"  (b) serial PyTorch, same record   {median['b']:6.2f}")
    print(f"  (c) gradstudy                     {median['c']:6.2f}   (c)/(a) {ratios(rates, 'c')}")
    for side, words in (("whole", "the whole study, no cures"), ("cures", "the whole study, with cures")):
        seconds = f"{options.trials * SEEDS / median[side]:.0f} s"
        print(f"      {words:27}   {median[side]:6.2f}   (c)/(a) {ratios(rates, side)}, {seconds}")
    print(f"(c) uses {cores()} cores, (a) and (b) one each.")


def ratios(rates, side):
    a, b = (statistics.median(fast / slow for fast, slow in zip(rates[side], rates[s], strict=True)) for s in "ab")
    return f"{a:.1f}, (c)/(b) {b:.1f}"


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


if __name__ == "__main__":
    main()
