"""A cohort that does not fit is trained in halves, with the same records."""

import numpy as np
import pytest
import torch
from support.cohorts import cohort, parts

from gradstudy.errors import InputError
from gradstudy.measurement import measure
from gradstudy.training import engine


def cpu_out_of_memory():
    torch.empty(10**16)


def cpp_out_of_memory():
    raise RuntimeError("std::bad_alloc")


def cuda_out_of_memory():
    raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.mark.parametrize("run_out", [cpu_out_of_memory, cpp_out_of_memory, cuda_out_of_memory])
def test_a_cohort_that_runs_out_of_memory_is_halved_until_it_fits(monkeypatch, run_out):
    whole = cohort(parts(), parts(), seeds=3)
    expected = engine.train(whole)
    real, sizes = engine._Training, []

    def small(part):
        sizes.append(len(part.members))
        if len(part.members) > 2:
            run_out()
        return real(part)

    monkeypatch.setattr(engine, "_Training", small)
    records = engine.train(whole)
    assert sizes == [6, 3, 2, 1, 3, 2, 1]
    for record, same in zip(records, expected, strict=True):
        assert (record.trial, record.seed) == (same.trial, same.seed)
        np.testing.assert_array_equal(record.series["loss"].values, same.series["loss"].values)


def test_one_member_that_does_not_fit_is_an_error(monkeypatch):
    monkeypatch.setattr(engine, "_Training", lambda cohort: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(MemoryError, match=r"lower model.width"):
        engine.train(cohort(parts(), seeds=1))
    with pytest.raises(InputError, match=r"lower model.width"):
        measure(seeds=1)
