"""Functions of a coefficient that round alike for every member, wherever it stands in its cohort."""

from collections.abc import Callable

from torch import Tensor

from gradstudy.network import KERNEL_TAIL


def by_lane(function: Callable[..., Tensor], *coefficients: Tensor) -> Tensor:
    """An element-wise function of coefficients [member].

    Vector kernels treat the last few elements of a tensor by scalar code, which rounds pow otherwise: in a cohort of
    65 one result in sixty differed from that of the member alone. Repeated over a block of lanes, no member is a tail.
    """
    wide = [coefficient.unsqueeze(-1).expand(-1, KERNEL_TAIL).contiguous() for coefficient in coefficients]
    return function(*wide)[:, 0]
