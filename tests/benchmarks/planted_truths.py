"""Claim: from the same trials, gradstudy names the true causes more often than its peers, and its intervals hold.

Every row plants a truth (planted/rows.py) whose total effects are known by sums (planted/truths.py). Each method ranks
the same trials. Results stream into a JSON-lines file, and what that file already has is not done again.

    python tests/benchmarks/planted_truths.py [--quick] [--rows additive few] [--sizes 64 256 1024] [--seeds 20]
                                              [--methods gradstudy pedanova] [--into FILE] [--jobs 2]
                                              [--again gradstudy]
"""

import argparse
import json
import os
import platform
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from importlib.metadata import version
from itertools import product
from pathlib import Path

from planted.peers import PEERS
from planted.scores import gradstudy, scored
from planted.tables import print_tables
from planted.truths import ROWS, make
from threadpoolctl import threadpool_limits

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one process per job; a second BLAS thread would be slower


METHODS = {"gradstudy": gradstudy, **PEERS}


def main(arguments=None):
    options = read(arguments)
    print(header())
    done = [found for found in findings(options.into) if found["method"] not in options.again]
    if options.again:
        write(options.into, done, mode="w")
    seen = {(found["row"], found["n"], found["seed"], found["method"]) for found in done}
    wanted = product(options.sizes, range(options.seeds), options.rows)
    tasks = [(row, n, seed, missing(options, seen, row=row, n=n, seed=seed)) for n, seed, row in wanted]
    tasks = [task for task in tasks if task[-1]]
    for position, found in enumerate(results(tasks, options.jobs), start=1):
        write(options.into, found, mode="a")
        done += found
        if sys.stderr.isatty():
            print(f"\r{position} of {len(tasks)} screens ", end="", file=sys.stderr, flush=True)
    print_tables(scored([found for found in done if is_chosen(found, options)]))


def is_chosen(found, options):
    known = found["row"] in options.rows and found["n"] in options.sizes and found["method"] in options.methods
    return known and found["seed"] < options.seeds


def read(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[64, 256, 1024], help="trials per screen")
    parser.add_argument("--seeds", type=int, default=20, help="screens per row and size")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--most-fanova", type=int, default=256, help="more trials than that are not given to fANOVA")
    parser.add_argument("--into", type=Path, help="JSON-lines file to resume from and to add to")
    parser.add_argument("--again", nargs="+", choices=METHODS, default=[], help="forget what FILE has of these methods")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a minute's look: four rows, 64 trials, 3 screens")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rows, options.sizes, options.seeds = ["additive", "interacting", "conditional", "diverged_20"], [64], 3
    return options


def header():
    packages = ("gradstudy", "optuna", "SALib", "scikit-learn", "scipy", "numpy")
    known = ", ".join(f"{name} {version(name)}" for name in packages)
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, one thread per job"
    return f"{date.today()}, {machine}, Python {platform.python_version()}\n{known}\n"


def findings(file):
    if not (file and file.exists()):
        return []
    return [json.loads(line) for line in file.read_text().splitlines()]


def write(file, found, *, mode):
    if file:
        with open(file, mode) as lines:
            lines.writelines(json.dumps(line) + "\n" for line in found)


def missing(options, seen, *, row, n, seed):
    """Which methods have not yet ranked this screen? Without divergence, nothing is dropped."""
    return [
        method
        for method in options.methods
        if (row, n, seed, method) not in seen
        and (n <= options.most_fanova or not method.startswith("fanova"))
        and (row.startswith("diverged") or not method.endswith("dropped"))
    ]


def results(tasks, jobs):
    """The findings of one screen after another, in whatever order they come."""
    if jobs == 1:
        yield from (work(*task) for task in tasks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for future in as_completed([pool.submit(work, *task) for task in tasks]):
            yield future.result()


def work(row, n, seed, methods):
    planted = make(row, n, seed)
    return [{"row": row, "n": n, "seed": seed, "method": method, **ranked(planted, seed, method)} for method in methods]


def ranked(planted, seed, method):
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peers warn of what they are known for: experimental, few trials, conditions
        start = time.perf_counter()
        found = METHODS[method](planted, seed)
        seconds = time.perf_counter() - start
    table = found if method == "gradstudy" else {name: {"importance": value} for name, value in found.items()}
    return {"seconds": round(seconds, 3), "table": table}


if __name__ == "__main__":
    main()
