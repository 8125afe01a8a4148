"""L-BFGS: the optimizer that evaluates a batch more than once in a step, and cannot be stacked."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gradstudy.factors.optimizer import Again, Optimizer, Stacked
from gradstudy.parts import number


@dataclass(frozen=True)
class Lbfgs(Optimizer):
    """torch.optim.LBFGS itself, member by member (Liu & Nocedal 1989), with its own tolerances.

    Each step makes up to `max_iter` iterations on the step's batch, from the curvature of the last `history` of them.
    `line_search`: step lengths by the strong Wolfe conditions; without it, every one is the learning rate. Clipping and
    penalties change the gradient and not the loss, which a line search compares. A gradient with no entry above 1e-7
    counts as an optimum, as torch has it. Where the search breaks down, the weights stay and the history starts anew.
    Note: each evaluation syncs with the host.
    """

    member_by_member = True
    by_entry = False
    moments = 0

    max_iter: int = number(20, at_least=1, at_most=1_000)
    history: int = number(100, at_least=1, at_most=1_000)
    line_search: bool = False

    def search(self, parameters: Stacked, state: list[Any], rate: Tensor, again: Again) -> list[Tensor]:
        """The parameters [1, ...] after a step at this rate [1]; `state`, empty at first, is what it keeps."""
        if len(parameters[0]) != 1:
            raise ValueError(f"lbfgs trains one member at a time, got a cohort of {len(parameters[0])}: plan cohorts")
        if not state:
            values = [parameter.clone() for parameter in parameters]
            lines = "strong_wolfe" if self.line_search else None
            state += (
                values,
                torch.optim.LBFGS(values, 1.0, self.max_iter, history_size=self.history, line_search_fn=lines),
            )
        values, optimizer = state
        for value, parameter in zip(values, parameters, strict=True):
            value.copy_(parameter)
        optimizer.param_groups[0]["lr"] = rate.item()

        def closure() -> Tensor:
            loss, found = again(values)
            for value, gradient in zip(values, found, strict=True):
                value.grad = gradient.contiguous()
            return loss[0]

        try:
            optimizer.step(closure)
        except ZeroDivisionError:  # the line search divides by the length of its bracket
            state.clear()
            return list(parameters)
        return list(values)
