"""How fast is a member's step beside JAX?

A researcher who writes his own today takes JAX: `vmap` over members, `scan` over steps, `jit` (jax_peer.py). Same work,
same recording, Adam, batches of 32, clipping by norm, one thread on one core; what JAX takes to compile and our looks
at probe steps are not counted. Rounds are interleaved; medians, and the median of the ratios within a round. JAX may
live in an environment of its own:

    taskset -c 1 python tests/benchmarks/beside_jax.py --jax-python ../jax/bin/python --before ../before
"""

import argparse
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import torch
from step_cost import microseconds

PEER = Path(__file__).with_name("jax_peer.py")
MLP = ["model=mlp", "model.depth=10", "task=digits"]
RNN = ["model=rnn", "task=adding", "task.length=50"]
SAME = ["activation=tanh", "optimizer=adam", "lr.value=0.001", "clipping=norm", "clipping.max_norm=1"]
ROWS = {  # name: (kind, overrides, width, members, steps of all sides)
    "mlp 10 x 10, K = 64": ("mlp", MLP, 10, 64, 100),
    "mlp 10 x 10, K = 256": ("mlp", MLP, 10, 256, 40),
    "mlp 10 x 32, K = 64": ("mlp", MLP, 32, 64, 60),
    "mlp 10 x 64, K = 64": ("mlp", MLP, 64, 64, 30),
    "rnn 16, 50 steps, K = 64": ("rnn", RNN, 16, 64, 20),
    "rnn 32, 50 steps, K = 64": ("rnn", RNN, 32, 64, 20),
}


def theirs(python, kind, width, members, steps):
    command = [python, str(PEER), kind, str(members), str(width), str(steps)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return tuple(map(float, printed.split()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jax-python", default=sys.executable)
    parser.add_argument("--before", help="a checkout of another version, to be measured in the same rounds")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, one thread, {asked.rounds} rounds")
    heads = ["JAX", "compiling", "gradstudy", "JAX / ours", *(["before", "before / ours"] if asked.before else [])]
    print(f"{'us per member-step':26s}", *(f"{head:>13s}" for head in heads))
    for name, (kind, overrides, width, members, steps) in ROWS.items():
        choices = [*overrides, f"model.width={width}", *SAME]
        rounds = []
        for _ in range(asked.rounds):
            jax, compiling = theirs(asked.jax_python, kind, width, members, steps)
            own = microseconds(choices, members, steps)
            row = [jax, compiling, own, jax / own]
            if asked.before:
                old = microseconds(choices, members, steps, asked.before)
                row += [old, old / own]
            rounds.append(row)
        print(
            f"{name:26s}", *(f"{statistics.median(column):13.2f}" for column in zip(*rounds, strict=True)), flush=True
        )


if __name__ == "__main__":
    main()
