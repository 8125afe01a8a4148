"""Learning-rate schedules: equal to torch's schedulers where it has them, each member by its own coefficients."""

import pytest
import torch
from torch.optim import lr_scheduler

from gradstudy.factors.lr import Constant, Cosine, OneCycle, Step, Warmup
from gradstudy.training.cohort import stack

STEPS = 20


def rates(parts, steps=STEPS):
    """[step, member]."""
    schedule = stack(parts, "cpu")
    found = schedule.at(torch.arange(steps, dtype=torch.float64).unsqueeze(1), steps)
    assert found.dtype == torch.float64
    return found


def torch_rates(make, value, steps=STEPS):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=value)
    scheduler, found = make(optimizer), []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return torch.tensor(found, dtype=torch.float64)


PAIRS = {
    "constant": (Constant(0.3), lambda o: lr_scheduler.ConstantLR(o, 1.0)),
    "warmup": (Warmup(0.3, warmup=0.25), lambda o: lr_scheduler.LinearLR(o, 1 / 5, total_iters=4)),
    "cosine": (Cosine(0.3), lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS)),
    "cosine to a tenth": (Cosine(0.3, final=0.1), lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, 0.03)),
    "step": (Step(0.3, drop=0.5, every=0.15), lambda o: lr_scheduler.StepLR(o, 3, 0.5)),
    "one cycle": (OneCycle(0.3), lambda o: lr_scheduler.OneCycleLR(o, 0.3, STEPS, cycle_momentum=False)),
    "one cycle of another shape": (
        OneCycle(0.3, pct_start=0.62, div_factor=4, final_div_factor=10),
        lambda o: lr_scheduler.OneCycleLR(
            o, 0.3, STEPS, pct_start=0.62, div_factor=4, final_div_factor=10, cycle_momentum=False
        ),
    ),
    "one cycle that only falls": (
        OneCycle(0.3, pct_start=0.0),
        lambda o: lr_scheduler.OneCycleLR(o, 0.3, STEPS, pct_start=0.0, cycle_momentum=False),
    ),
}
NEIGHBOURS = {
    Constant: Constant(1.0),
    Warmup: Warmup(1.0, warmup=0.9),
    Cosine: Cosine(1.0, final=0.5),
    Step: Step(1.0, drop=0.9, every=0.05),
    OneCycle: OneCycle(1.0, pct_start=0.9, div_factor=2),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_rates_equal_those_of_torchs_scheduler_beside_a_neighbour(pair):
    part, make = PAIRS[pair]
    ours = rates([NEIGHBOURS[type(part)], part])
    torch.testing.assert_close(ours[:, 1], torch_rates(make, part.value, STEPS), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("part", NEIGHBOURS.values())
def test_no_rate_exceeds_the_value_or_is_negative_and_none_is_missing(part):
    for steps in (1, 2, 3, 7):
        found = rates([part], steps)
        assert ((found >= 0) & (found <= part.value)).all()


def test_edges_of_the_ranges_stay_schedules():
    assert rates([Warmup(0.5, warmup=0.0)]).tolist() == [[0.5]] * STEPS
    assert rates([Step(0.5, drop=0.0, every=0.5)])[:, 0].tolist() == [0.5] * 10 + [0.0] * 10
    assert rates([Step(0.5, every=1e-9)], steps=2)[:, 0].tolist() == pytest.approx([0.5, 0.05])
    assert rates([OneCycle(0.5, pct_start=0.999)]).isfinite().all()
    assert rates([OneCycle(0.5, pct_start=1 / STEPS)])[0].item() == 0.5


def test_a_period_is_a_share_rounded_to_whole_steps():
    for share, steps in ((0.7, 10), (0.33, 10), (0.1, 1000), (0.55, 100)):
        found = rates([Step(1.0, drop=0.5, every=share)], steps)[:, 0]
        assert (found == 1).sum().item() == round(share * steps)


@pytest.mark.parametrize("make", [lambda m: Step(1 + m, drop=0.8 + m / 999), lambda m: OneCycle(1 + m, m / 66)])
def test_a_members_rates_round_alike_alone_and_among_64_others(make):
    parts = [make(m) for m in range(65)]
    together = rates(parts)
    for m in range(65):
        assert torch.equal(rates([parts[m]])[:, 0], together[:, m])
