"""What is measured on every step, kept on the device until the end: no host sync while training."""

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from torch import Tensor

from gradstudy.network import Flow, Network
from gradstudy.records import Series
from gradstudy.training.instrument.norms import flow_rms

StepNumber = int | Tensor
"""The number of a step, from 0: on a device that replays its steps a tensor [1] there, which it counts on itself."""

SCALARS = ("norm_before_clipping", "norm_after_clipping", "clip_coefficient", "loss")


class Recorder:
    """A buffer [step, place, member] in float64 per quantity."""

    def __init__(self, network: Network, *, steps: int, members: int, device: torch.device):
        parameters = network.parameters
        names = tuple(parameter.name for parameter in parameters)
        self._places = {**network.places, "gradient": names, **dict.fromkeys(SCALARS, ("all",))}
        shapes = {quantity: (steps, len(places), members) for quantity, places in self._places.items()}
        self._buffers = {
            quantity: torch.full(shape, torch.nan, dtype=torch.float64, device=device)
            for quantity, shape in shapes.items()
        }
        self._on_cpu = device.type == "cpu"
        self._bind()
        sizes = [prod(parameter.shape) for parameter in parameters]
        self._root_sizes = torch.tensor(sizes, dtype=torch.float64, device=device).sqrt().unsqueeze(1)

    def write_flow(self, step: StepNumber, flow: Flow, gradients: Sequence[Tensor]) -> None:
        """D_p of every flow point, given the gradients of the flow's tensors."""
        for quantity, signal in flow_rms(flow, gradients).items():
            self._write(quantity, step, signal)

    def write_gradients(self, step: StepNumber, loss: Tensor, each: Tensor, before: Tensor) -> None:
        """Of the loss [member], and the norms of each parameter's gradient [parameter, member] and of all [member]."""
        self._write("loss", step, loss)
        self._write("gradient", step, each / self._root_sizes)
        self._write("norm_before_clipping", step, before)

    def write_clipping(self, step: StepNumber, before: Tensor, after: Tensor, factor: Tensor) -> None:
        """Of the norms before and after clipping, and the factor by which it clipped them, [member] each."""
        self._write("norm_after_clipping", step, after)
        if after is not before:
            # entry by entry: the share of the norm that was left; nan where that is none of inf
            left_less = ~(after >= before) & ~before.isnan()
            factor = torch.where((factor == 1) & left_less, after / before, factor)
        self._write("clip_coefficient", step, factor)

    def _write(self, quantity: str, step: StepNumber, values: Tensor) -> None:
        if self._on_cpu and isinstance(step, int):  # a tenth of the time that torch takes for it
            self._arrays[quantity][step] = values.numpy()
        else:
            self._buffers[quantity][step] = values.double()

    def keep(self, slots: Sequence[int]) -> None:
        """Goes on with the members of these slots."""
        self._buffers = {quantity: buffer[:, :, list(slots)] for quantity, buffer in self._buffers.items()}
        self._bind()

    def _bind(self) -> None:
        """Asks for the arrays of all buffers once, and not at every step."""
        self._arrays = {quantity: buffer.numpy() for quantity, buffer in self._buffers.items() if self._on_cpu}

    def series(self, ends: Sequence[int | None]) -> list[dict[str, Series]]:
        """Of every member the steps before its end; the one copy from the device happens here."""
        buffers = {quantity: buffer.cpu().numpy() for quantity, buffer in self._buffers.items()}
        return [
            {
                quantity: Series(self._places[quantity], np.arange(len(values[:end])), values[:end, :, slot].copy())
                for quantity, values in buffers.items()
            }
            for slot, end in enumerate(ends)
        ]
