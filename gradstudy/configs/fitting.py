"""Do the parts of one trial fit together? Asked at the door, before anything is trained."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradstudy.errors import InputError
from gradstudy.layer_parts import network_of
from gradstudy.quantities import check_request


def check_fit(
    parts: Mapping[str, Any], choices: Iterable[str] = (), *, steps: int = 0, request: Sequence[str] = ()
) -> None:
    """InputError where no network can be made of these parts by group, or cannot give what is to be recorded.

    `choices` are the overrides that a study made, to be named beside the reason; `request` is what a record is to hold
    beside the standard quantities.
    """
    made = " ".join(choices)
    try:
        network = network_of(parts)
        parts["init"].check([p for p in network.parameters if p.role in ("hidden", "recurrent")])
        parts["regularization"].check(network)
        parts["pretraining"].check(network)
    except ValueError as error:
        raise InputError(f"These choices do not fit together{made and f' ({made})'}: {error}.") from error
    check_request(request, network, parts, steps=steps, choices=made)
