"""Python compiled to machine code by Numba, for chains of operations that PyTorch runs one by one on a CPU.

Of a small network's step most is dispatch: some 10 µs per operation, several hundred of them. A compiled function is
one call, and keeps a member in the cache from its first line to its last. What it computes for a member never depends
on the member's place: every member is a loop of its own, from its own first entry on. Compiled once per machine and
kept on disk beside the source, or in NUMBA_CACHE_DIR.
"""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock
from torch import Tensor, dtype, float32

try:
    import numba
    from numba.core.compiler_lock import global_compiler_lock
    from numba.extending import overload, register_jitable
    from numba.np.unsafe.ndarray import to_fixed_tuple
except ImportError:  # a GPU needs none of this, and may stand where Numba is not installed
    numba = overload = register_jitable = to_fixed_tuple = global_compiler_lock = None

inlined: Callable[..., Any] = register_jitable
"""Makes a function that compiled ones may call."""
leading: Callable[..., Any] = to_fixed_tuple
"""(array, count) -> its first entries as a tuple; inside of compiled functions, with a count that is a constant."""


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function in machine code: as IEEE 754 has it, sum by sum; divisions by zero give inf or nan."""
    return _machine_code(function, fastmath=False)


def compiled_freely(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same with sums in any order and products fused into them, so that they fill the lanes of a vector."""
    return _machine_code(function, fastmath={"contract", "reassoc", "nsz"})


def compiled_in_order(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same with products fused into them, but every sum in its own order."""
    return _machine_code(function, fastmath={"contract", "nsz"})


def by_type(of_32: Callable[..., Any], of_64: Callable[..., Any]) -> Callable[..., Any]:
    """A function inside of compiled ones: the first of these where its first argument is of float32, else the other."""

    def either(*given: Any) -> Any:
        return of_64(*given)

    if numba is None:
        return either

    @overload(either)
    def chosen(*given):  # type: ignore[no-untyped-def]  # Numba compares it with what it returns, types and all
        def narrow(*given):  # type: ignore[no-untyped-def]
            return of_32(*given)

        def wide(*given):  # type: ignore[no-untyped-def]
            return of_64(*given)

        return narrow if getattr(given[0], "dtype", given[0]) == numba.float32 else wide

    return either


def runs_compiled(like: Tensor, *of: dtype) -> bool:
    """Whether compiled functions are to be had for such a tensor: on a CPU, in float32, or `of` other types."""
    return numba is not None and like.device.type == "cpu" and like.dtype in (of or (float32,))


def _machine_code(function: Callable[..., Any], fastmath: Any) -> Callable[..., Any]:
    if numba is None:
        return function
    given = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(Path(given or Path(__file__).with_name("__pycache__")) / _stamp())
    settings = {"error_model": "numpy", "fastmath": fastmath}
    try:  # where to keep it is chosen here and now; where that cannot be written, Numba takes the user's own cache
        made = numba.njit(function, cache=True, **settings)
        made.compile = _one_at_a_time(made.compile, Path(made._cache.cache_path), _name(function))
    except RuntimeError:  # none of them can be written
        made = numba.njit(function, **settings)
    finally:
        numba.config.CACHE_DIR = given
    typed: Callable[..., Any] = made
    return typed


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _one_at_a_time(compiling: Callable[..., Any], folder: Path, name: str) -> Callable[..., Any]:
    """Numba's compiling under a lock: a process that needs the same at the same time waits for it, and then loads it.

    Without it both would compile, which takes seconds of two cores, and one could read what the other half wrote. The
    order of the two locks is the same for all: one that compiles within a compilation holds Numba's already.
    """

    def made(*given: Any) -> Any:
        with global_compiler_lock, ExitStack() as held:
            with suppress(OSError):  # a disk that is full, or read-only by now: what lies there can still be loaded
                folder.mkdir(parents=True, exist_ok=True)
                held.enter_context(FileLock(folder / f".{name}"))
            return compiling(*given)

    return made


@cache
def _stamp() -> str:
    """Changes with any file here: Numba looks at a function's own, and not at those of the functions that it calls."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.blake2b(b"".join(map(Path.read_bytes, sources)), digest_size=8).hexdigest()
