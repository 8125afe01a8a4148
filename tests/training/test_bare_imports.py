"""The training room needs torch and NumPy alone: a machine with a GPU trains where nothing else is installed."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys

ABSENT = {"hydra", "omegaconf", "optuna", "mlflow", "numba", "pandas", "pyarrow", "sqlalchemy", "scipy", "sklearn",
          "rich", "matplotlib", "yaml"}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())

import numpy as np
import torch
from support.cohorts import cohort, parts
from gradstudy.factors import activation, clipping, init, optimizer, regularization, residual
from gradstudy.factors.model.cnn import Cnn
from gradstudy.factors.model.lstm import Lstm
from gradstudy.factors.model.mlp import Mlp
from gradstudy.factors.model.transformer import Transformer
from gradstudy.factors.normalization.features import LayerNorm
from gradstudy.kernels.compiled import runs_compiled
from gradstudy.tasks.random_signal import RandomSignal
from gradstudy.training.engine import train

FAMILIES = {
    "mlp": {"model": Mlp(width=5, depth=2), "regularization": regularization.Dropout(0.1)},
    "rnn": {"optimizer": optimizer.RmsProp(), "clipping": clipping.Threshold(max_norm=0.1)},
    "lstm": {"model": Lstm(width=5), "optimizer": optimizer.Adam()},
    "cnn": {"model": Cnn(width=3, depth=2), "task": RandomSignal(features=2, side=4, outputs=3, batch_size=4)},
    "transformer": {
        "model": Transformer(width=8, depth=1, heads=2), "residual": residual.Scaled(), "normalization": LayerNorm(),
        "init": init.XavierNormal(),
    },
}
assert not runs_compiled(torch.zeros(1)), "Numba was found"
for name, changes in FAMILIES.items():
    records = train(cohort(parts(**changes), steps=4))
    print(name, len(records), all(np.isfinite(one.series["signal"].values).all() for one in records))
"""
ROOT = Path(__file__).parents[2]


def test_cohorts_train_where_only_torch_and_numpy_are_installed():
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    families = ["mlp", "rnn", "lstm", "cnn", "transformer"]
    assert done.stdout.splitlines() == [f"{family} 2 True" for family in families], done.stderr
