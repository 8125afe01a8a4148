"""A small space with conditions, a made-up response over it, and a driver that measures and tells it."""

from math import log10

from omegaconf import OmegaConf

from gradstudy.configs.instantiate import make_part
from gradstudy.configs.studies import shipped
from gradstudy.records import Factor
from gradstudy.search.search_space import SearchSpace
from gradstudy.search.storage import open_storage

FACTORS = (
    Factor("init.gain", low=0.5, high=2.0),
    Factor("clipping", ("none", "norm", "value")),
    Factor("clipping.max_norm", low=0.1, high=10.0, log=True),
    Factor("model.depth", (1, 2, 3)),
)
LEVELLED = (Factor("clipping", ("none", "norm")), Factor("clipping.max_norm", (0.1, 1.0, 10.0)), *FACTORS[3:])
GROUPS = ("clipping",)
SEEDS = 3


def active(choices):
    own = {"clipping.max_norm"} if choices["clipping"] == "norm" else set()
    return {"clipping", "init.gain", "model.depth", "dummy"} | own


OPTIONS = sorted(path.stem for path in (shipped("conf") / "search").glob("*.yaml"))


def option(name, **settings):
    """The way of searching that an option of conf/search configures, with these settings."""
    return make_part("search", {**_config(name), **settings})


def _config(name):
    config = OmegaConf.to_container(OmegaConf.load(shipped("conf") / "search" / f"{name}.yaml"))
    bases = [base for base in config.pop("defaults", []) if base != "_self_"]
    return {key: value for part in [*map(_config, bases), config] for key, value in part.items()}


def previewed(way, budget, factors=FACTORS):
    """What a plan shows of a hunt: the trials of all batches."""
    return [trial for batch in made(way, factors).preview(budget) for trial in batch]


def made(way, factors=FACTORS, seed=3, trials=0, seeds=SEEDS):
    return way.over(SearchSpace(factors, active, GROUPS), seed=seed, seeds=seeds, trials=trials)


def harm(levels):
    """Smallest, 0, at gain 1, norm clipping at 1 and depth 1."""
    clipped = levels["clipping"] == "norm"
    missed = abs(log10(levels.get("clipping.max_norm", 1.0))) if clipped else 2.0
    return abs(levels.get("init.gain", 1.0) - 1.0) + missed + levels["model.depth"] - 1


def rows_of(trial, seeds=SEEDS):
    """What a network would give: `vanishing` is the harm, a little more with every seed; `exploding` its opposite."""
    bad = harm(trial.levels)
    return [
        {"seed": seed, "vanishing": bad + 0.1 * seed, "exploding": 5.0 - bad, "gain": -bad, "learned": -bad}
        for seed in range(seeds)
    ]


class Stopped(BaseException):
    """A driver that is gone."""


def driven(search, folder, budget, *, stored=None, stop_after=None, seeds=SEEDS):
    """One launch as the driver makes it: {number: (trial, rows)} of all that is done.

    `stored` holds what earlier launches finished and is added to. A launch may be gone after so many trials.
    """
    stored = {} if stored is None else stored
    search.open(open_storage("", folder), "study")
    finished, seen = 0, set()
    for batch in search.batches(budget):
        assert not seen & {trial.number for trial in batch}
        seen |= {trial.number for trial in batch}
        for trial in batch:
            if trial.number in stored:
                search.tell(trial.number, stored[trial.number][1])
        for trial in reversed([trial for trial in batch if trial.number not in stored]):
            if finished == stop_after:
                raise Stopped
            rows = measured(search, trial, seeds)
            stored[trial.number] = (trial, rows)
            search.tell(trial.number, rows)
            finished += 1
    return stored


def measured(search, trial, seeds):
    """Seed by seed, as long as there is any hope."""
    rows = rows_of(trial, seeds)
    for count in range(1, seeds):
        if search.prunes and search.hopeless(trial.number, rows[:count]):
            return rows[:count]
    return rows


def launched(make, folder, budget, stops, seeds=SEEDS):
    """Launches that are gone after so many trials each, and one that comes through."""
    stored = {}
    for stop in stops:
        try:
            driven(make(), folder, budget, stored=stored, stop_after=stop, seeds=seeds)
        except Stopped:
            continue
    return driven(make(), folder, budget, stored=stored, seeds=seeds)
