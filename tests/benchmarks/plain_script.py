"""(a) The study as a person would script it today: Optuna, nn.RNN, torch.optim, .norm().item(), MLflow every 10 steps.

Run by members_per_second.py; shares nothing with gradstudy but the trials it is given.
"""

import logging
import math
import time

import mlflow
import numpy as np
import optuna
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self, width, activation):
        super().__init__()
        self.rnn = nn.RNN(2, width, nonlinearity=activation, batch_first=True)
        self.readout = nn.Linear(width, 1)

    def forward(self, x):
        return self.readout(self.rnn(x)[0][:, -1])


def adding_batch(rng, count, length):
    values, markers = rng.uniform(-1, 1, (count, length)), np.zeros((count, length))
    first, second = rng.integers(10, size=count), rng.integers(10, length // 2, size=count)
    rows = np.arange(count)
    markers[rows, first] = markers[rows, second] = 1
    target = 0.5 + (values[rows, first] + values[rows, second]) / 4
    x = np.stack([values, markers], 2).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(target.astype(np.float32)[:, None])


def initialize(weight, kind, gain):
    with torch.no_grad():
        if kind == "orthogonal":
            nn.init.orthogonal_(weight, gain)
        elif kind == "identity":
            nn.init.eye_(weight).mul_(gain)
        elif kind == "normal":
            nn.init.normal_(weight, 0, 0.1 * gain)
        else:
            weight.mul_(gain)


def make_optimizer(levels, parameters):
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop}
    return kinds[levels["optimizer"]](parameters, lr=levels["lr.value"])


def clip(levels, parameters):
    if levels["clipping"] == "norm":
        nn.utils.clip_grad_norm_(parameters, levels["clipping.max_norm"])
    elif levels["clipping"] == "value":
        nn.utils.clip_grad_value_(parameters, levels["clipping.max_value"])


def train_member(levels, seed, *, width, length, batch_size, steps):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Network(width, levels["activation"])
    initialize(network.rnn.weight_hh_l0, levels["init"], levels["init.gain"])
    optimizer, loss_of = make_optimizer(levels, network.parameters()), nn.MSELoss()
    for step in range(steps):
        x, y = adding_batch(rng, batch_size, length)
        optimizer.zero_grad()
        loss = loss_of(network(x), y)
        loss.backward()
        norms = {name: p.grad.norm().item() for name, p in network.named_parameters()}
        clip(levels, list(network.parameters()))
        optimizer.step()
        if step % 10 == 0:
            mlflow.log_metric("loss", loss.item(), step=step)
            for name, norm in norms.items():
                mlflow.log_metric(f"grad/{name}", norm, step=step)
        if not math.isfinite(loss.item()):
            break
    return loss.item()


def suggest(trial):
    levels = {
        "activation": trial.suggest_categorical("activation", ["tanh", "relu"]),
        "init": trial.suggest_categorical("init", ["default", "orthogonal", "identity", "normal"]),
        "init.gain": trial.suggest_float("init.gain", 0.5, 2.0),
        "clipping": trial.suggest_categorical("clipping", ["none", "norm", "value"]),
        "lr.value": trial.suggest_float("lr.value", 1e-4, 1e-1, log=True),
        "optimizer": trial.suggest_categorical("optimizer", ["sgd", "adam", "rmsprop"]),
    }
    if levels["clipping"] == "norm":
        levels["clipping.max_norm"] = trial.suggest_float("clipping.max_norm", 0.1, 10, log=True)
    if levels["clipping"] == "value":
        levels["clipping.max_value"] = trial.suggest_float("clipping.max_value", 0.001, 1, log=True)
    return levels


def run(trials, *, width, length, batch_size, steps, folder):
    """Trains each (levels, seed) as one MLflow run and one Optuna trial; returns seconds."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/plain.db")
    mlflow.set_experiment("plain")
    study = optuna.create_study(
        sampler=optuna.samplers.RandomSampler(0),
        storage=f"sqlite:///{folder}/optuna.db",
        study_name="plain",
        load_if_exists=True,
    )
    start = time.perf_counter()
    for levels, seed in trials:
        study.enqueue_trial(levels)
        trial = study.ask()
        chosen = suggest(trial)
        with mlflow.start_run():
            mlflow.log_params(chosen)
            loss = train_member(chosen, seed, width=width, length=length, batch_size=batch_size, steps=steps)
            if math.isnan(loss):  # which Optuna would take for a failure too, with a warning
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, loss)
    return time.perf_counter() - start
