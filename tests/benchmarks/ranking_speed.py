"""Claim: 10,000 trials of 12 factors are ranked, intervals and all, in 20 seconds on two cores and in 1 GB.

Mixed factors, three of them conditional, one interaction, one member in ten diverged (two seeds per trial). Prints the
seconds of a ranking and this process's memory at its peak, and the seconds of Optuna's PED-ANOVA and mean decrease of
impurity on the same trials, with the main cause that each of them names.

    python tests/benchmarks/ranking_speed.py [--trials 10000] [--alone]
"""

import argparse
import os
import resource
import time
import warnings
from dataclasses import replace

import numpy as np
from planted.effects import line, steps
from planted.peers import impurity, ped_anova, study_of, trial_means
from planted.rows import ALL, CLIPPING, NULLS
from planted.screens import simulate, trials_of
from planted.truths import Planted, shares_of
from planted_truths import header
from threadpoolctl import threadpool_limits

from gradstudy.analysis.ranking.ranking import rank

os.environ.setdefault("OMP_NUM_THREADS", "1")


CONDITIONAL = ALL["conditional"]


def growth(at):
    """Decades: a row with conditional factors, to which learning rate and activation add by acting together."""
    return 3.0 + 0.8 * CONDITIONAL.smooth(at) + 0.5 * line(at["lr"]) * steps(at["activation"], 0, 1, 1, 0)


def tenth_diverges(at):
    """All of the high learning rates of one level in three: a mean chance of .10."""
    return 1.0 * ((at["lr"] > 0.7) & (at["clipping"] == CLIPPING.levels.index("none")))


ROW = replace(
    CONDITIONAL,
    factors=(*CONDITIONAL.factors[:-1], *NULLS[:5]),
    smooth=growth,
    chance=tenth_diverges,
    seeds=2,
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--alone", action="store_true", help="without the peers")
    options = parser.parse_args()
    print(header())
    planted = screen(options.trials)
    diverged = (planted.members["verdict"] == "diverged").mean()
    true = max(planted.truth, key=planted.truth.get)
    print(f"{options.trials} trials, {len(planted.factors) - 1} factors and the dummy, {diverged:.0%} diverged")
    print(f"the main cause is {true}, with a share of {planted.truth[true]:.2f}\n")
    tell("gradstudy", lambda: by_gradstudy(planted))
    print(
        f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.2f} GB, data and Python included"
    )
    if not options.alone:
        tell("an Optuna study of these trials, as each of the next two makes", lambda: study_and_size(planted))
        tell("Optuna PED-ANOVA", lambda: main_cause(ped_anova(planted, 0)))
        tell("Optuna MDI", lambda: main_cause(impurity(planted, 0)))


def screen(count):
    random = np.random.default_rng(0)
    trials = trials_of(ROW, count, seed=0)
    total, first = shares_of(ROW)
    return Planted("speed", ROW.everything(), trials, simulate(ROW, trials, random), total, first, ROW.response)


def by_gradstudy(planted):
    table = rank(planted.members, planted.factors, planted.response).table
    top = table.iloc[0]
    return f"{top['factor']}, share {top['share']:.2f} [{top['share_low']:.2f}, {top['share_high']:.2f}]"


def study_and_size(planted):
    return f"{len(study_of(planted, trial_means(planted)).trials)} trials"


def main_cause(importances):
    return max(importances, key=importances.get)


def tell(name, work):
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        found = work()
        print(f"{name}: {time.perf_counter() - start:.1f} s, {found}", flush=True)


if __name__ == "__main__":
    main()
