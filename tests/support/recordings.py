"""Ways to record a step without a GPU: what is recorded is carried out again, and must not wait for a device."""

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "unique", "lift_fresh")
"""Operations for which a device is waited, or at which numbers are sent to it."""


class NoWaiting(TorchDispatchMode):
    """Inside, an operation for which a GPU would have to be waited is an error."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        masks = name in ("index", "index_put_") and any(one.dtype == torch.bool for one in args[1] if one is not None)
        assert not name.startswith(WAITS), f"{name} waits for the device"
        assert not masks, f"{name} with a mask waits for the device"
        return function(*args, **kwargs or {})


class _Tape(NoWaiting):
    """Keeps operations with the very tensors that they read and write, and what was in those before."""

    def __init__(self):
        super().__init__()
        self._operations, self._before, self._own = [], {}, set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        given = _tensors((args, kwargs))
        for tensor in given:
            if _place(tensor) not in self._own | self._before.keys():
                self._before[_place(tensor)] = tensor, tensor.untyped_storage().clone()
        found = super().__torch_dispatch__(function, types, args, kwargs)
        made = [one if _place(one) not in map(_place, given) else None for one in _tensors(found)]
        self._own.update(_place(one) for one in made if one is not None)
        self._operations.append((function, args, kwargs or {}, made))
        return found

    def undo(self):
        """Puts back what was there: a device that records does nothing else."""
        for tensor, before in self._before.values():
            tensor.untyped_storage().copy_(before)

    @torch.no_grad()
    def replay(self):
        """Operation by operation, each result where it was first; no line of the step's Python is run."""
        for function, args, kwargs, made in self._operations:
            for new, old in zip(_tensors(function(*args, **kwargs)), made, strict=True):
                if old is not None:
                    old.copy_(new)


def _tensors(tree):
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _place(tensor):
    return tensor.untyped_storage().data_ptr()


class Taped:
    """Keeps a step's operations and carries them out again, as CUDA's graphs do.

    A number of the host's or a tensor that a step puts into the place of another stays what it was at the recording.
    """

    def __init__(self):
        self.warmed = self.replayed = 0

    def warm_up(self, work):
        self.warmed += 1
        work()

    def record(self, work):
        tape = _Tape()
        with tape:
            work()
        tape.undo()

        def replay():
            self.replayed += 1
            tape.replay()

        return replay


class Deaf(Taped):
    """Records, and then does nothing."""

    def record(self, work):
        return lambda: None


class Unable(Taped):
    """Cannot record."""

    def record(self, work):
        raise RuntimeError("operation not permitted when stream is capturing\nmore of it")
