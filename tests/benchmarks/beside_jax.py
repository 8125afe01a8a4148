"""How fast is a member's step beside JAX?

A researcher who writes his own today takes JAX: `vmap` over members, `scan` over steps, `jit` (jax_peer.py). Same work,
same recording, Adam, batches of 32, clipping by norm, one thread on one core; what JAX takes to compile and our looks
at probe steps are not counted. Rounds are interleaved; medians, and the median of the ratios within a round. JAX may
live in an environment of its own:

    taskset -c 1 python tests/benchmarks/beside_jax.py --jax-python ../jax/bin/python --rounds 3
"""

import argparse
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import torch
from recorder_cost import Blind, cohort_of

from gradstudy.training import engine

PEER = Path(__file__).with_name("jax_peer.py")
MLP = ["model=mlp", "model.depth=10", "task=digits"]
RNN = ["model=rnn", "task=adding", "task.length=50"]
ROWS = {  # name: (kind, overrides, width, members, steps of ours and theirs)
    "mlp 10 x 10, K = 64": ("mlp", MLP, 10, 64, 100),
    "mlp 10 x 10, K = 256": ("mlp", MLP, 10, 256, 40),
    "mlp 10 x 32, K = 64": ("mlp", MLP, 32, 64, 60),
    "mlp 10 x 64, K = 64": ("mlp", MLP, 64, 64, 30),
    "rnn 16, 50 steps, K = 64": ("rnn", RNN, 16, 64, 20),
    "rnn 32, 50 steps, K = 64": ("rnn", RNN, 32, 64, 20),
}


def ours(overrides, width, members, steps):
    """Microseconds per member and step."""
    choices = [*overrides, f"model.width={width}", "activation=tanh", "optimizer=adam", "lr.value=0.001"]
    cohort = cohort_of([*choices, "clipping=norm", "clipping.max_norm=1"], members, steps)
    engine.Prober = Blind
    return 1e6 * engine.train(cohort)[0].cost["seconds"] / steps / members


def theirs(python, kind, width, members, steps):
    command = [python, str(PEER), kind, str(members), str(width), str(steps)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return tuple(map(float, printed.split()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jax-python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, one thread, {asked.rounds} rounds")
    print(f"{'us per member-step':26s} {'JAX':>8s} {'gradstudy':>10s} {'JAX / ours':>11s} {'compiling':>10s}")
    for name, (kind, overrides, width, members, steps) in ROWS.items():
        ours(overrides, width, members, 3)  # machine code is compiled, or read from the disk
        pairs = [
            (*theirs(asked.jax_python, kind, width, members, steps), ours(overrides, width, members, steps))
            for _ in range(asked.rounds)
        ]
        jax, compiling, own = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(pair[0] / pair[2] for pair in pairs)
        print(f"{name:26s} {jax:8.1f} {own:10.1f} {ratio:11.2f} {compiling:8.1f} s", flush=True)


if __name__ == "__main__":
    main()
