"""Norms of stacks, in whatever order they lie in memory."""

import pytest
import torch

from gradstudy.training.instrument.norms import rms_of_stacks

PLACES, MEMBERS, BATCH, WIDTH = 3, 5, 4, 6


def drawn(*shape, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


LAYOUTS = {
    "place by place": lambda dtype: drawn(PLACES, MEMBERS, BATCH, WIDTH, dtype=dtype),
    "member by member, sample by sample": lambda dtype: drawn(MEMBERS, PLACES, BATCH, WIDTH, dtype=dtype).transpose(
        0, 1
    ),
    "member by member, feature by feature": lambda dtype: drawn(MEMBERS, PLACES, WIDTH, BATCH, dtype=dtype).permute(
        1, 0, 3, 2
    ),
    "a part of what is padded": lambda dtype: drawn(MEMBERS, PLACES, WIDTH + 2, BATCH + 4, dtype=dtype)[
        :, :, :WIDTH, :BATCH
    ].permute(1, 0, 3, 2),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_rms_of_a_stack_is_that_of_its_numbers_in_any_order_of_memory(layout, dtype):
    stacks = [layout(dtype), 3 * layout(dtype)]
    squares = [[stack[place].double().square().flatten(1).mean(1) for place in range(PLACES)] for stack in stacks]
    expected = torch.stack([torch.stack(one) for one in squares]).mean(0).sqrt()
    torch.testing.assert_close(rms_of_stacks(stacks), expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_squares_that_leave_the_range_of_float64_do_not_show(layout, scale):
    stack = layout(torch.float64)
    stack[1] *= scale
    expected = rms_of_stacks([layout(torch.float64)])
    expected[1] *= scale
    torch.testing.assert_close(rms_of_stacks([stack]), expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_nothing_is_zero_and_what_is_not_finite_stays_so_beside_what_leaves_the_range(layout):
    stack = layout(torch.float64)
    stack[0], stack[1, 0], stack[1, 1, 2, 3], stack[1, 2, 1, 1] = 0.0, 1e-200, torch.inf, torch.nan
    stack[1, 3], stack[1, 3, 0, 0], stack[1, 4, 3] = 1e200, -torch.inf, 1e200
    found = rms_of_stacks([stack])
    assert (found[0] == 0).all()
    expected = torch.tensor([1e-200, torch.inf, torch.nan, torch.inf, 1e200 / 2], dtype=torch.float64)
    torch.testing.assert_close(found[1], expected, rtol=1e-13, atol=0, equal_nan=True)
    torch.testing.assert_close(found[2], rms_of_stacks([layout(torch.float64)])[2], rtol=0, atol=0)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_members_norm_has_the_same_bits_alone(layout):
    stack = layout(torch.float32)
    together = rms_of_stacks([stack])
    for member in range(MEMBERS):
        assert torch.equal(rms_of_stacks([stack[:, member : member + 1]])[:, 0], together[:, member])
