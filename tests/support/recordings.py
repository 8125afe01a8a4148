"""Ways to record a step without a GPU: what is recorded is carried out again, and must not wait for a device."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode

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


class Taped:
    """Carries out again what was recorded."""

    def __init__(self):
        self.warmed = self.replayed = 0

    def warm_up(self, work):
        self.warmed += 1
        work()

    def record(self, work):
        def replay():
            self.replayed += 1
            with NoWaiting():
                work()

        return replay


class Deaf(Taped):
    """Records, and then does nothing."""

    def record(self, work):
        return lambda: None


class Unable(Taped):
    """Cannot record."""

    def record(self, work):
        raise RuntimeError("operation not permitted when stream is capturing\nmore of it")
