"""Gradients of flow points, ordered alike whether a network's way back is autograd's or written by hand."""


def places_of(flow, gradients):
    """By quantity and place, those of each tensor of the place."""
    if flow.taps is None:
        return flow.by_place(gradients)
    stacks = flow.by_tap(gradients).items()
    return {q: [list(place) for place in zip(*(one.unbind(0) for one in layers), strict=True)] for q, layers in stacks}
