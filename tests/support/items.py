"""What workers are given to do in tests. Light: a worker imports this module with the first of it."""

import math
import os
import signal
import time
from pathlib import Path

import torch

from gradstudy.errors import InputError
from gradstudy.training.device import device_here
from gradstudy.training.pulse import beat as beat_once


def square(number):
    return number * number


def refuse(log):
    with log.open("a") as file:
        file.write("tried\n")
    raise InputError("Too wide: lower model.width.")


def fail(log):
    """As a person's own part does that has a bug; what is no path is well."""
    if not isinstance(log, Path):
        return "well"
    with log.open("a") as file:
        file.write("tried\n")
    return math.sqrt(-1)


def run_out(words):
    raise MemoryError if words is None else RuntimeError(words)


def wait_for(path):
    wait_until(path.exists)
    return path.name


def beat(path):
    """Writes on and on, as a cohort that is training, unless it is told to be done at once."""
    while path.suffix == ".endless":
        path.write_text(str(time.monotonic()))
        time.sleep(0.01)


def end(how):
    """Ends its own worker by a signal or an exit code, as the system does when memory runs out."""
    if how == "alive":
        return how
    os._exit(how) if how > 0 else os.kill(os.getpid(), -how)
    return None


def stop_in_the_middle(_):
    os.kill(os.getpid(), signal.SIGSTOP)


def beat_slowly(seconds):
    """Longer in all than a worker may be silent, but never so long without a sign of life."""
    for _ in range(5):
        time.sleep(seconds)
        beat_once()
    return "done"


class Unknown:
    """What no other process can have: as what is defined at a prompt."""

    def __reduce__(self):
        raise TypeError("it is of this process alone")


def gpu_of_two(_):
    """The GPU of this worker, once another one has its own."""
    torch.cuda.device_count = lambda: 2
    mine = str(device_here("cuda"))
    Path(f"{mine}.taken").touch()
    wait_until(lambda: len(list(Path().glob("*.taken"))) == 2)
    return mine


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
