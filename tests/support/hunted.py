"""A small space with conditions, a made-up response over it, and a driver that measures and tells it."""

from itertools import count
from math import log10
from unittest.mock import patch

import optuna
from omegaconf import OmegaConf
from optuna.storages.journal import JournalFileBackend

from gradstudy.configs.instantiate import make_part
from gradstudy.configs.sources import shipped
from gradstudy.records import DUMMY, SCREEN, Factor
from gradstudy.search.base import Kept
from gradstudy.search.search_space import SearchSpace
from gradstudy.search.storage import JOURNAL, open_storage

FACTORS = (
    Factor("init.gain", low=0.5, high=2.0),
    Factor("clipping", ("none", "norm", "value")),
    Factor("clipping.max_norm", low=0.1, high=10.0, log=True),
    Factor("clipping.max_value", low=1e-3, high=1.0, log=True),
    Factor("model.width", low=8, high=64, log=True, integer=True),
    Factor("model.depth", (1, 2, 3)),
    Factor("residual.learnt", (True, False)),
)
LEVELLED = (Factor("clipping", ("none", "norm")), Factor("clipping.max_norm", (0.1, 1.0, 10.0)), FACTORS[5])
ALWAYS = {"clipping", "init.gain", "model.width", "model.depth", "residual.learnt", DUMMY.name}
OWN = {"none": set(), "norm": {"clipping.max_norm"}, "value": {"clipping.max_value"}}
SEEDS = 3
OPTIONS = sorted(path.stem for path in (shipped("conf") / "search").glob("*.yaml"))


def option(name, **settings):
    """The way of searching that an option of conf/search configures, with these settings."""
    return make_part("search", {**_config(name), **settings})


def _config(name):
    config = OmegaConf.to_container(OmegaConf.load(shipped("conf") / "search" / f"{name}.yaml"))
    bases = [base for base in config.pop("defaults", []) if base != "_self_"]
    return {key: value for part in [*map(_config, bases), config] for key, value in part.items()}


def active(choices):
    """What lives beside this choice of the only group."""
    assert set(choices) == {"clipping"}
    return ALWAYS | OWN[choices["clipping"]]


def made(way, factors=FACTORS, seed=3, trials=0, seeds=SEEDS):
    factors = (*factors, DUMMY) if SCREEN in way.phases else factors
    return way.over(SearchSpace(factors, active, ("clipping",)), seed=seed, seeds=seeds, trials=trials)


def opened(search, folder, stored=()):
    """The search that goes on in this folder, as far as these trials, {number: (trial, rows)}, are stored elsewhere."""
    levels = {number: stored[number][0].levels for number in stored}
    search.open(open_storage("", folder), "study", Kept(levels))
    return search


def previewed(way, budget, factors=FACTORS):
    """What a plan shows of a search: the trials of all batches."""
    return [trial for batch in made(way, factors, trials=budget).preview(budget) for trial in batch]


def harm(levels):
    """Smallest, 0, at gain 1, norm clipping at 1 and depth 1."""
    clipped = levels["clipping"] == "norm"
    missed = abs(log10(levels.get("clipping.max_norm", 1.0))) if clipped else 2.0
    return abs(levels.get("init.gain", 1.0) - 1.0) + missed + levels.get("model.depth", 1) - 1


def rows_of(trial, seeds=SEEDS):
    """What a network would give: `vanishing` is the harm, a tenth more with every seed; `exploding` its opposite."""
    bad = harm(trial.levels)
    return [
        {"seed": seed, "vanishing": bad * (1 + 0.1 * seed), "exploding": 5.0 - bad, "gain": -bad, "learned": -bad}
        for seed in range(seeds)
    ]


class Stopped(BaseException):
    """A driver that is gone."""


def driven(search, folder, budget, *, stored=None, stop_after=None, seeds=SEEDS, opens=opened):
    """One launch as the driver makes it: {number: (trial, rows)} of all that is done.

    `stored` holds what earlier launches finished and is added to. A launch may be gone after so many trials.
    """
    stored = {} if stored is None else stored
    finished, seen = 0, set()
    for batch in opens(search, folder, stored).batches(budget):
        assert not seen & {trial.number for trial in batch}
        seen |= {trial.number for trial in batch}
        for trial in batch:
            if trial.number in stored:
                search.tell(trial.number, stored[trial.number][1])
        for trial in reversed([trial for trial in batch if trial.number not in stored]):
            if finished == stop_after:
                raise Stopped
            rows = _measured(search, trial, seeds)
            stored[trial.number] = (trial, rows)
            search.tell(trial.number, rows)
            finished += 1
    return stored


def _measured(search, trial, seeds):
    """Seed by seed, as long as there is any hope."""
    rows = rows_of(trial, seeds)
    for known in range(1, seeds):
        if search.prunes and search.hopeless(trial.number, rows[:known]):
            return rows[:known]
    return rows


def dies_at(write, folder, launch, torn=False):
    """Whether a launch that is killed at that write of the journal gets as far, which leaves Optuna's lock behind."""
    writes, append = count(), JournalFileBackend.append_logs

    def dying(self, logs):
        if next(writes) < write:
            return append(self, logs)
        with (folder / JOURNAL).open("ab") as journal:
            journal.write(b'{"op_code":5,"worker_id":"0b1' if torn else b"")
        (folder / f"{JOURNAL}.lock").symlink_to("gone")
        raise Stopped

    with patch.object(JournalFileBackend, "append_logs", dying):
        try:
            launch()
        except Stopped:
            return True
    return False


def stored_trials(folder, storage=None):
    """All that Optuna keeps of all studies of a storage, by study."""
    storage = storage or open_storage("", folder)
    return {
        name: [
            (trial.number, trial.params, trial.state.name, trial.values, trial.intermediate_values)
            for trial in optuna.load_study(study_name=name, storage=storage).trials
        ]
        for name in optuna.get_all_study_names(storage)
    }
