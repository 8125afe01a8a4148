"""Devices: named, checked, and the caller's threads given back."""

import pytest
import torch

from gradstudy.errors import InputError
from gradstudy.training.device import Device, denormals_kept, device_here, one_thread, take_slot


def test_auto_is_the_cpu_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert Device().names() == ("cpu",)


def test_auto_and_cuda_spread_over_every_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert Device().names() == ("cuda:0", "cuda:1") == Device("cuda").names()
    assert Device("cuda:1").names() == ("cuda:1",)
    assert Device("cpu").names() == ("cpu",)


def test_a_worker_takes_the_gpu_of_its_number_unless_one_was_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for number, gpu in enumerate(["cuda:0", "cuda:1", "cuda:0"]):
        take_slot(number)
        assert {str(device_here(name)) for name in ("auto", "cuda")} == {gpu}
        assert str(device_here("cuda:1")) == "cuda:1"
        assert str(device_here("cpu")) == "cpu"
    take_slot(0)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_is_not_there_is_refused(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(InputError, match=r"device.name=cpu"):
        Device(name).names()


@pytest.mark.parametrize("settings", [{"name": "gpu"}, {"name": "cuda:x"}, {"dtype": "float16"}, {"name": 3}])
def test_unknown_names_are_refused(settings):
    with pytest.raises(ValueError, match=r"must be"):
        Device(**settings)


def test_the_callers_threads_and_denormals_come_back():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with one_thread():
        assert torch.get_num_threads() == 1
        assert (torch.tensor([1e-40]) * 1.0).item() == 0
        with denormals_kept():
            assert (torch.tensor([1e-40]) * 1.0).item() > 0
        assert (torch.tensor([1e-40]) * 1.0).item() == 0
    assert (torch.tensor([1e-40]) * 1.0).item() > 0
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_products_are_rounded_to_tf32_where_that_is_asked_for_alone():
    for asked in (True, False):
        with one_thread(asked):
            assert torch.backends.cuda.matmul.allow_tf32 is asked
            assert torch.backends.cudnn.allow_tf32 is asked
