"""The norms of what lies in rows [member, entry]: of each parameter, and of all that is trained."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from gradstudy.kernels.rows import norms_of_rows
from gradstudy.training.flat import Flat
from gradstudy.training.instrument.norms import combined_norm, norms

RowNorms = Callable[[], tuple[Tensor, Tensor]]
"""() -> [parameter, member] in the network's order, and [member] of all that is trained; float64."""


def plain_norms(flat: Flat, rows: Tensor) -> RowNorms:
    """In PyTorch's operations, none of which waits for a device."""
    views, order = list(flat.views(rows).values()), torch.tensor(flat.order, device=rows.device)

    def found() -> tuple[Tensor, Tensor]:
        each = norms(views)
        return each.index_select(0, order), combined_norm(each[: flat.trained])

    return found


def compiled_norms(flat: Flat, rows: Tensor) -> RowNorms:
    """In machine code: on a CPU, in float32."""
    starts, ends, values = np.array(flat.starts), np.array(flat.ends), rows.numpy()

    def found() -> tuple[Tensor, Tensor]:
        each, trained = np.empty((len(flat.names), len(rows))), np.empty(len(rows))
        norms_of_rows(values, starts, ends, flat.trained, each, trained)
        return torch.from_numpy(each[flat.order]), torch.from_numpy(trained)

    return found
