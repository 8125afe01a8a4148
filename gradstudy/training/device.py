"""Where and in which precision members train."""

import ctypes
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch

from gradstudy.errors import InputError, nearest
from gradstudy.parts import Part, word

DTYPES = {"float32": torch.float32, "float64": torch.float64}

os.environ.setdefault("MKL_CBWR", "AUTO")
"""Read by MKL with its first product. Without it MKL chooses its code by where a matrix lies in memory (seen on AMD,
not on Intel), so that a member's numbers would depend on its slot in a cohort. It costs nothing that we could measure.
"""


@dataclass(frozen=True)
class Device(Part, group="device"):
    """`name`: auto (CUDA where there is one), cpu, cuda or cuda:N; `dtype`: float32 or float64.

    Of a GPU, `capture`: a step is recorded once and replayed; `tf32`: products are rounded to 10 bits, which is faster.
    """

    name: str = "auto"
    dtype: str = word(*DTYPES)
    capture: bool = True
    tf32: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.name):
            near = nearest(self.name, ("auto", "cpu", "cuda"))
            raise ValueError(f"name must be auto, cpu, cuda or cuda:N, got {self.name!r}.{near}")

    def names(self) -> tuple[str, ...]:
        """The devices of this machine that are meant: every GPU for `auto` and `cuda`, else the one that was named.

        InputError where it is not there.
        """
        count = torch.cuda.device_count() if self.name != "cpu" else 0
        if self.name.startswith("cuda"):
            index = int(self.name.partition(":")[2] or 0)
            if index >= count:
                raise InputError(
                    f"device.name={self.name} needs a CUDA device with that number, but torch {torch.__version__} "
                    f"sees {count} here. Use device.name=cpu or device.name=auto."
                )
        if self.name.startswith("cuda:"):
            return (self.name,)
        return tuple(f"cuda:{index}" for index in range(count)) or ("cpu",)


_slot = 0


def take_slot(number: int) -> None:
    """Makes this process the worker of that number, so that those of one machine spread over its GPUs."""
    global _slot
    _slot = number


def device_here(wanted: str) -> torch.device:
    """The device that this process trains on, where `wanted` is the name of a `Device`."""
    names = Device(wanted).names()
    return torch.device(names[_slot % len(names)])


@contextmanager
def one_thread(tf32: bool = False) -> Iterator[None]:
    """Settings that every training step needs; the caller's own come back afterwards.

    One thread: members are already batched, and a second thread changes the order of sums. Denormals are flushed:
    they made a CPU matrix product 208 times slower, so that one vanished member would stall its cohort.
    TF32 is off unless asked for: its 10-bit mantissa is not what a study of gradients measures.
    """
    _keep_freed_memory()
    threads = torch.get_num_threads()
    rounded = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = rounded
        torch.set_flush_denormal(False)  # as a process starts: what is read off records must not depend on it


M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""As malloc.h of glibc has them."""


@cache
def _keep_freed_memory() -> None:
    """Leaves what a step has freed with this process, for the next step.

    glibc takes every large block from the system and hands it back when it is freed, and the system fills it with
    zeros page by page at the next step: twenty results of 4 MB took eight times as long as with memory that is kept.
    Other C libraries have no such switch.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if tune is not None:
        tune(M_MMAP_MAX, 0)
        tune(M_TRIM_THRESHOLD, 2**31 - 1)


@contextmanager
def denormals_kept() -> Iterator[None]:
    """Inside, numbers below 1e-38 lose their bits one by one down to 1e-45, as in any other PyTorch program.

    For the first step, which says how a network starts: that one step may be slow.
    """
    torch.set_flush_denormal(False)
    try:
        yield
    finally:
        torch.set_flush_denormal(True)
