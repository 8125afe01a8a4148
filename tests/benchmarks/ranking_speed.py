"""Claim: 10,000 trials of 12 factors are ranked, intervals and all, in 10 seconds on two cores and in 1 GB.

Mixed factors, three of them conditional, one interaction, one member in ten diverged (two seeds per trial). Prints the
seconds of a ranking and this process's memory at its peak, and the seconds of Optuna's PED-ANOVA and mean decrease of
impurity on the same trials, with the main cause that each of them names. With --page the rankings of both responses,
the prescriptions, and the report page that is made of them, are timed one by one.

    python tests/benchmarks/ranking_speed.py [--trials 10000] [--alone] [--page page.html]
"""

import argparse
import os
import resource
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from planted.effects import line, steps
from planted.peers import impurity, ped_anova, study_of, trial_means
from planted.rows import ALL, CLIPPING, NULLS
from planted.screens import simulate, trials_of
from planted.truths import Planted, shares_of
from planted_truths import header
from threadpoolctl import threadpool_limits

from gradstudy.analysis.ranking.ranking import rank
from gradstudy.records import SCREEN, Trial
from gradstudy.report.findings import findings_of
from gradstudy.report.html.page import report_page

sys.path.insert(0, str(Path(__file__).parent.parent))
from support.made_study import made_run
from support.made_trials import make_info

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
    parser.add_argument("--page", type=Path, help="where the report page is written")
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
    if options.page:
        run = run_of(planted)
        tell("rankings of both responses", lambda: f"{sum(run.rank(name).trials for name in RESPONSES)} trials")
        tell("prescriptions", lambda: f"{len(run.prescriptions)} failing trials")
        findings = findings_of(run)
        tell("the report page of these", lambda: f"{options.page.write_text(report_page(findings)) / 1e6:.1f} MB")
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


RESPONSES = ("vanishing", "exploding")
STEPS, PLACES = 200, 10


def run_of(planted):
    """A stored study whose members exploded as the row says, and vanished the less."""
    random, members = np.random.default_rng(0), planted.members
    vanishing = np.clip(5.0 - members["exploding"] + random.normal(0.0, 0.3, len(members)), 0.0, 10.0)
    diverged = members["verdict"] == "diverged"
    verdict = np.select(
        [diverged, members["exploding"] > 5.0, vanishing > 3.0], ["diverged", *RESPONSES[::-1]], "healthy"
    )
    members = members.assign(
        phase=SCREEN,
        vanishing=vanishing,
        gain=members["exploding"] - vanishing,
        gain_init=members["exploding"] - vanishing,
        verdict=verdict,
        outcome=np.where(verdict == "healthy", "learned", "stuck"),
        first_bad_step=np.where(diverged, 7.0, np.nan),
        first_bad_tensor=np.where(diverged, "layer_03.weight", None),
    )
    info = make_info("speed", factors=planted.factors, seeds=ROW.seeds, steps=STEPS)
    return made_run(info, members, gradients=gradients, trial=lambda number: Trial(number, {}, ()))


def gradients(trial, step=None, quantity=("signal", "norm_before_clipping", "norm_after_clipping")):
    """The record of these trials, at random."""
    random, steps = np.random.default_rng(0), np.arange(STEPS) if step is None else np.array([step])
    places = {"signal": [f"layer_{place:02d}" for place in range(1, PLACES + 1)]}
    parts = [
        (number, seed, name, places.get(name, ["all"]))
        for number in trial
        for seed in range(ROW.seeds)
        for name in quantity
    ]
    return pd.concat(
        pd.DataFrame(
            {
                "trial": number,
                "seed": seed,
                "step": np.repeat(steps, len(where)),
                "quantity": name,
                "place": where * len(steps),
                "value": 10.0 ** random.normal(-2.0, 1.0, len(where) * len(steps)),
            }
        )
        for number, seed, name, where in parts
    )


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
