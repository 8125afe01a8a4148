"""What does the instrument cost? Training with the record of every step against the same engine with recording off.

Off means: no gradient of a flow point is reduced or written, and no norm behind clipping; the norms that clipping and
the look for divergence need stay, and what autograd takes to hand the flow points' gradients out. All sides are one
cohort on one thread, in interleaved rounds; medians of the ratios in one round. `as recorded` is the recorder's share
as the engine's own clock has it, which is stored with every run, and `+ probes` is both together against neither. Run
it on a quiet machine:

    OMP_NUM_THREADS=1 python tests/benchmarks/recorder_cost.py --members 64 --steps 200 --rounds 5
"""

import argparse
import platform
import statistics

import torch
from instruments_off import Blind, Silent

from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.records import Member
from gradstudy.training import engine
from gradstudy.training.cohort import Cohort
from gradstudy.training.instrument.probe import Prober
from gradstudy.training.instrument.recorder import Recorder

SEEDS = 4
FAMILIES = {
    "rnn 16, 50 steps": ["model=rnn", "model.width=16"],
    "rnn 32, 50 steps": ["model=rnn"],
    "rnn 64, 50 steps": ["model=rnn", "model.width=64"],
    "rnn 32, 70 answers": ["model=rnn", "task=copy_memory"],
    "lstm 32, 50 steps": ["model=lstm"],
    "mlp 10 x 10": ["model=mlp", "model.width=10", "task=digits"],
    "mlp 10 x 32": ["model=mlp", "task=digits"],
    "mlp 10 x 64": ["model=mlp", "model.width=64", "task=digits"],
    "cnn 4 x 8": ["model=cnn", "task=digits", "task.image=true"],
    "resnet 4 x 8": ["model=resnet", "task=digits", "task.image=true"],
    "transformer 2 x 32": ["model=transformer", "task=digits", "task.image=true"],
}


SIDES = {"off": (Silent, Blind), "recorder": (Recorder, Blind), "both": (Recorder, Prober)}


def cohort_of(overrides, members, steps):
    with hydra_ready():
        parts = Composer(overrides).parts({})
    trials = range(members // SEEDS)
    everyone = tuple(Member(trial, seed) for trial in trials for seed in range(SEEDS))
    return Cohort(everyone, dict.fromkeys(trials, parts), study_seed=0, steps=steps)


def cost(cohort, side):
    """The seconds of all steps, without the start, and the shares that the engine's own clock sees."""
    engine.Recorder, engine.Prober = SIDES[side]
    return engine.train(cohort)[0].cost


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, default=64)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, one thread, K = {asked.members}")
    print(f"{'family':20s}  {'ms, off':>8s}  {'recorder':>8s}  {'as recorded':>11s}  {'+ probes':>8s}")
    for name, overrides in FAMILIES.items():
        cohort = cohort_of(["optimizer=adam", "clipping=norm", *overrides], asked.members, asked.steps)
        rounds = [{side: cost(cohort, side) for side in SIDES} for _ in range(asked.rounds)]
        step = 1000 * statistics.median(one["off"]["seconds"] for one in rounds) / asked.steps
        recorder, both = (
            statistics.median(one[side]["seconds"] / one["off"]["seconds"] for one in rounds) - 1
            for side in ("recorder", "both")
        )
        stored = statistics.median(one["both"]["recorder"] for one in rounds)
        print(f"{name:20s}  {step:8.2f}  {recorder:8.1%}  {stored:11.1%}  {both:8.1%}", flush=True)


if __name__ == "__main__":
    main()
