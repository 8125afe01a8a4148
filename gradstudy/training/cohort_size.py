"""How many members of one structure train together: as few as are within 5 % of the fastest, by a short timed probe.

Nothing but time depends on it. What was found is kept in the user's cache, a file per structure, kind of processor and
precision: whoever writes one writes it anew, and what is no number in it is measured again.
"""

import hashlib
import platform
from collections.abc import Callable, Iterable
from contextlib import suppress
from math import inf
from pathlib import Path

import torch

from gradstudy.atomic_file import written_whole
from gradstudy.training.cohort import Cohort, shape
from gradstudy.training.engine import is_out_of_memory, step_cost
from gradstudy.user_cache import cache_folder

USUAL_SIZE = {"cpu": 64, "cuda": 1024}
"""Members that train together where none are timed. On a CPU 64 are within 10 % of the fastest but for the smallest
networks, of which 256 take a quarter less per member (a perceptron 10 x 10). A GPU has more lanes to fill."""
FEWEST = 8
"""Members below which a step takes about as long however few they are: no more workers than that are kept busy."""
DOUBLINGS = range(4)
"""Sizes that are timed, in doublings of the usual one."""
LONG_STEP = 0.05
"""Seconds of a step of which what a larger cohort could save is too small a part."""
CLOSE = 1.05
PAYS = 200_000
"""Steps of members of one structure from which on its size is timed: that takes as long as some 5,000 of them."""
ROOM = 0.4
"""Share of a GPU's free memory that the steps of a cohort may fill: probes, in float64, take more."""


def best_size(cohort: Cohort, device: str, share: int, most: int) -> int:
    """Members of this cohort's structure that train together best, where it holds all that there are of a study.

    `device` is the name of the workers' first, and `share` how many members of any structure each of them has to train:
    none shall be idle. At most so many fit into memory. Times steps where that pays.
    """
    kind, count = device.partition(":")[0], len(cohort.members)
    usual = USUAL_SIZE[kind]
    absent = kind == "cuda" and not torch.cuda.is_available()  # the workers are on another machine
    timed = min(count, share, most) > usual and count * cohort.steps >= PAYS and not absent
    return min(_known_size(cohort, device, usual, most) if timed else usual, max(FEWEST, share))


def _known_size(cohort: Cohort, device: str, usual: int, most: int) -> int:
    place = cache_folder() / f"cohort_size_{_identity(cohort, device)}"
    with suppress(OSError, ValueError):
        known = int(place.read_text("ascii"))
        if 0 < known <= usual * 2 ** max(DOUBLINGS):
            return known
    sizes = [size for doubling in DOUBLINGS if (size := usual * 2**doubling) <= most]
    found = timed_size(cohort, sizes, usual)
    with suppress(OSError), written_whole(place) as file:  # a home that cannot be written: it is measured every time
        file.write_text(f"{found}\n", "ascii")
    return found


def timed_size(cohort: Cohort, sizes: Iterable[int], usual: int) -> int:
    """The smallest of these ascending sizes that is about as fast per member as any; `usual` where none fits."""
    free = torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else inf

    def seconds(size: int) -> float:
        try:
            taken, memory = step_cost(cohort, size)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return inf
        finally:
            if torch.cuda.is_available():
                torch.cuda.empty_cache()  # the workers need it
        return taken / size if memory < ROOM * free else inf

    return smallest_close(sizes, seconds, usual)


def smallest_close(sizes: Iterable[int], cost: Callable[[int], float], usual: int) -> int:
    """The smallest of these ascending sizes whose `cost` in seconds per member and step is within 5 % of the least.

    They are tried as long as the last one was cheaper by as much, and its step short. `usual` where none has a cost.
    """
    costs: dict[int, float] = {}
    for size in sizes:
        best = min(costs.values(), default=inf)
        costs[size] = cost(size)
        if costs[size] * CLOSE > best or costs[size] * size > LONG_STEP:
            break
    least = min(costs.values())
    return next((size for size, found in costs.items() if found <= least * CLOSE < inf), usual)


def _identity(cohort: Cohort, device: str) -> str:
    on = torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor()
    told = repr((shape(cohort), cohort.dtype, cohort.tf32, cohort.capture, on, torch.__version__))
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def _processor() -> str:
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
        return next((line for line in lines if line.startswith("model name")), platform.machine())
    return platform.processor() or platform.machine()
