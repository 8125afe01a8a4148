"""Is a GPU right, and is it full? Checks and measures everything about one GPU in under six minutes.

Nothing but torch, NumPy, pandas and pyarrow need be installed. Prints a table with the hardware and the versions, and
writes it as JSON. A section that fails is a row that says so; one for which no time is left is a row too. Rates are
medians of interleaved rounds; serial PyTorch records the same on the same GPU. From the root of a checkout:

    PYTHONPATH=. python tests/benchmarks/on_a_gpu.py --into on_a_gpu.json
    PYTHONPATH=. python tests/benchmarks/on_a_gpu.py --device cpu --quick  # does the script itself work?
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import islice
from unittest import mock

import numpy as np
import torch
from gpu_cohorts import FAMILIES, cohort_of, finish, parts_of, seeds_of, serial
from instruments_off import Blind, Silent
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from gradstudy.analysis.responses.member_row import member_row
from gradstudy.analysis.settings import Analysis
from gradstudy.factors import init, lr, optimizer, regularization
from gradstudy.training import engine
from gradstudy.training.cohort_size import DOUBLINGS, USUAL_SIZE, timed_size
from gradstudy.training.device import one_thread
from gradstudy.training.instrument.recorder import Recorder
from gradstudy.training.start.streams import Draws

WARM = 6
"""Steps until a step is recorded, and everything has what it makes at its first call."""
NOT_HERE = "not on a CPU"


@dataclass(frozen=True)
class Row:
    """One line of the table: what a section found of something, and what was wanted."""

    section: str
    what: str
    found: float | str
    wanted: str = ""


@dataclass(frozen=True)
class Setting:
    """Where, and how thoroughly: `rounds` of `steps` each, with `members` that train together.

    0 members: as many as a plan would take. Verdicts are those of `verdict_steps`.
    """

    device: str
    rounds: int
    steps: int
    members: int
    verdict_steps: int

    @property
    def on_gpu(self) -> bool:
        return torch.device(self.device).type == "cuda"


Rows = Iterator[tuple[str, float | str, str]]
"""What, what was found of it, and what was wanted."""


class Timed:
    """A training of so many members behind its first steps, without probes, that goes on as often as it is told to.

    They are copies of the cohort's, which take less time to draw.
    """

    def __init__(self, cohort, members, recorder=Recorder):
        self.members, self._device, own = members, cohort.device, len(cohort.members)
        with mock.patch.multiple(engine, Prober=Blind, Recorder=recorder), one_thread(cohort.tf32):
            self.training = engine._Training(cohort)
            self.training._go_on_with([slot % own for slot in range(members)])
        self._steps = iter(range(cohort.steps))
        self.seconds(WARM)

    def seconds(self, steps: int) -> float:
        """Of so many steps more."""
        with one_thread(self.training.cohort.tf32):
            finish(self._device)
            start = time.perf_counter()
            self.go(steps)
            finish(self._device)
            return time.perf_counter() - start

    def go(self, steps: int) -> None:
        """So many steps more, without waiting for them."""
        for step in islice(self._steps, steps):
            self.training._step(step)

    @property
    def state(self) -> str:
        """How its steps are done."""
        captured = self.training.captured
        return "one by one" if not captured else captured.refusal or f"replayed {captured.replays} times"


def capture_equals_eager(setting: Setting) -> Rows:
    """The same cohort with its steps replayed and one by one: not a bit may differ."""
    cases = {name: [parts_of(**family.parts)] for name, family in FAMILIES.items()}
    dropped = {**FAMILIES["mlp 10 x 64"].parts, "regularization": regularization.Dropout(0.1)}
    cases["mlp with dropout and schedule"] = [parts_of(**dropped, lr=lr.Cosine(0.01))]
    for name, trials in cases.items():
        if not setting.on_gpu:
            yield name, NOT_HERE, "equal"
            continue
        whole = cohort_of(trials, seeds=4, steps=40, device=setting.device, keep_weights=True)
        yield name, _difference(engine.train(whole), engine.train(replace(whole, capture=False))), "equal"
        timed = Timed(whole, 4)
        timed.seconds(20)
        yield f"{name}, steps", timed.state, "replayed"


def _difference(some, others) -> str:
    """`equal`, or by how much records and weights differ at most, relative to the largest number of each."""
    largest = 0.0
    for one, other in zip(some, others, strict=True):
        pairs = [(one.series[name].values, other.series[name].values) for name in one.series]
        pairs += [(one.weights[name], other.weights[name]) for name in one.weights]
        for here, there in pairs:
            if not np.array_equal(np.isnan(here), np.isnan(there)):
                return "differs: nan"
            if not np.array_equal(here, there, equal_nan=True):
                largest = max(largest, float(np.nanmax(np.abs(here - there)) / np.nanmax(np.abs(here))))
    return f"differs by {largest:.1e}" if largest else "equal"


def nothing_waits(setting: Setting) -> Rows:
    """Steps between probes under PyTorch's own alarm for whatever waits for the device."""
    for name, family in FAMILIES.items():
        if not setting.on_gpu:
            yield name, NOT_HERE, "no wait"
            continue
        for capture in (True, False):
            timed = Timed(seeds_of(family, steps=WARM + 20, device=setting.device, capture=capture), 8)
            torch.cuda.set_sync_debug_mode("error")
            try:
                with one_thread():
                    timed.go(20)
                found = "no wait"
            except RuntimeError as error:
                found = f"waits: {error}".partition("\n")[0]
            finally:
                torch.cuda.set_sync_debug_mode("default")
            yield f"{name}, {'replayed' if capture else 'one by one'}", found, "no wait"


def equal_to_the_cpu(setting: Setting) -> Rows:
    """One step from the same start, the verdicts of 50 steps, and what a member draws."""
    gains, seeds = ([0.7, 1.4], 1) if setting.members else ([0.3, 0.7, 1.0, 1.4, 3.0], 4)
    for name, family in FAMILIES.items():
        trials = [parts_of(**family.parts) | {"init": init.KaimingNormal(gain=gain)} for gain in gains]
        here = cohort_of(trials, seeds=seeds, steps=1, device="cpu", keep_weights=True)
        pairs = list(zip(engine.train(here), engine.train(replace(here, device=setting.device)), strict=True))
        yield f"{name}, one step, weights", max(_apart(a.weights, b.weights) for a, b in pairs), "<= 1e-4"
        signals = [[{"": record.series["signal"].values} for record in pair] for pair in pairs]
        yield f"{name}, one step, signal", max(_apart(a, b) for a, b in signals), "<= 1e-4"
        longer = replace(here, steps=setting.verdict_steps, keep_weights=False)
        verdicts = [
            [member_row(record, Analysis())["verdict"] for record in engine.train(one)]
            for one in (longer, replace(longer, device=setting.device))
        ]
        alike = float(np.mean([a == b for a, b in zip(*verdicts, strict=True)]))
        yield f"{name}, {setting.verdict_steps} steps, equal verdicts", alike, ">= 0.95"
    numbers = [
        Draws([(0, 0, 0), (0, 1, 3)], "dropout", torch.device(device)).uniform("place", (2, 999), 3, torch.float32)
        for device in ("cpu", setting.device)
    ]
    yield "numbers drawn", "equal" if torch.equal(numbers[0], numbers[1].cpu()) else "differ", "equal"


def _apart(one, other) -> float:
    """The largest difference of two sets of arrays, relative to the norm of each array; nan where one is not finite."""
    return float(np.max([np.linalg.norm(one[name] - other[name]) / np.linalg.norm(one[name]) for name in one]))


def rates(setting: Setting) -> Rows:
    """Steps of members per second, against serial PyTorch and other ways to do the same, in interleaved rounds."""
    for name, family in FAMILIES.items():
        members = setting.members or _planned(family, setting)
        yield f"{name}, members", members, ""
        cohort = seeds_of(family, steps=WARM + setting.rounds * setting.steps, device=setting.device)
        sides = {"replayed": Timed(cohort, members), "silent": Timed(cohort, members, Silent)}
        if setting.on_gpu:
            sides["one by one"] = Timed(replace(cohort, capture=False), members)
            sides["with TF32"] = Timed(replace(cohort, tf32=True), members)
        plain = serial(family, setting.device)
        plain(2)
        found: dict[str, list[float]] = {side: [] for side in ("serial", *sides)}
        for _ in range(setting.rounds):
            with one_thread():
                found["serial"].append(setting.steps / plain(setting.steps))
            for side, timed in sides.items():
                found[side].append(timed.members * setting.steps / timed.seconds(setting.steps))
        median = {side: statistics.median(each) for side, each in found.items()}
        for side, each in median.items():
            yield f"{name}, {side}, member-steps/s", each, ""
        ratio = statistics.median(a / b for a, b in zip(found["replayed"], found["serial"], strict=True))
        yield f"{name}, replayed / serial", ratio, f">= {family.aim:g}"
        recorder = 1 - statistics.median(a / b for a, b in zip(found["replayed"], found["silent"], strict=True))
        yield f"{name}, share of the recorder", recorder, "<= 0.05"
        yield f"{name}, steps", sides["replayed"].state, "replayed"


def _planned(family, setting: Setting) -> int:
    """Members that the plan of a long study would train together."""
    usual = USUAL_SIZE[torch.device(setting.device).type]
    return timed_size(seeds_of(family, steps=100, device=setting.device), [usual * 2**d for d in DOUBLINGS], usual)


class Traffic(TorchDispatchMode):
    """Counts the bytes of all tensors that operations read and write: views cost nothing."""

    def __init__(self):
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if not function.is_view and function.namespace == "aten" and "empty" not in function.name():
            self.bytes += sum(one.numel() * one.element_size() for one in _tensors((args, kwargs or {}, result)))
        return result


def _tensors(of) -> Iterator[torch.Tensor]:
    if isinstance(of, torch.Tensor):
        yield of
    elif isinstance(of, (tuple, list, dict)):
        for one in of.values() if isinstance(of, dict) else of:
            yield from _tensors(one)


def fullness(setting: Setting) -> Rows:
    """Which share of a step is kernels, and how far these are from what the device can move and compute."""
    bandwidth, arithmetic = _bandwidth(setting), _arithmetic(setting)
    yield "a copy moves, GB/s", bandwidth / 1e9, ""
    yield "a product of matrices computes, GFLOP/s", arithmetic / 1e9, ""
    for name, family in FAMILIES.items():
        members = setting.members or USUAL_SIZE["cuda"]
        timed = Timed(seeds_of(family, steps=WARM + 2 * setting.steps, device=setting.device), members)
        each = timed.seconds(setting.steps) / setting.steps
        kernels = _kernel_seconds(timed, setting) / setting.steps if setting.on_gpu else each
        batch = timed.training.batches.next()
        with Traffic() as traffic, FlopCounterMode(display=False) as flops, one_thread():
            timed.training._train(WARM, batch)
        yield f"{name}, {members} members, ms per step", 1e3 * each, ""
        yield f"{name}, share of kernels", kernels / each if setting.on_gpu else NOT_HERE, ""
        yield f"{name}, MB that operations read and write", traffic.bytes / 1e6, ""
        yield f"{name}, share of the bandwidth while kernels run", traffic.bytes / kernels / bandwidth, ""
        yield f"{name}, share of the arithmetic while kernels run", flops.get_total_flops() / kernels / arithmetic, ""
        yield f"{name}, ms that the host takes for a batch", 1e3 * _batch_seconds(timed), ""


def _bandwidth(setting: Setting) -> float:
    """Bytes per second that a copy reads and writes."""
    one = torch.zeros((2**28 if setting.on_gpu else 2**24), device=setting.device)
    other = torch.zeros_like(one)
    return 2 * one.numel() * one.element_size() / _fastest(lambda: other.copy_(one), setting.device)


def _arithmetic(setting: Setting) -> float:
    """Floating-point operations per second of a product of large matrices, in float32 without TF32."""
    size = 8192 if setting.on_gpu else 512
    one = torch.ones(size, size, device=setting.device)
    with one_thread():
        return 2 * size**3 / _fastest(lambda: one @ one, setting.device)


def _fastest(work: Callable[[], object], device: str) -> float:
    seconds = []
    for _ in range(5):
        finish(device)
        start = time.perf_counter()
        work()
        finish(device)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _kernel_seconds(timed: Timed, setting: Setting) -> float:
    """In which kernels of so many steps ran, as the device itself tells."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        timed.seconds(setting.steps)
    return sum(event.self_device_time_total for event in profile.key_averages()) / 1e6


def _batch_seconds(timed: Timed) -> float:
    start = time.perf_counter()
    for _ in range(32):
        timed.training.batches.next()
    return (time.perf_counter() - start) / 32


def compiled_rule(setting: Setting) -> Rows:
    """Does `torch.compile` of the optimizer's rule pay inside of a replayed step?

    The forward pass cannot be compiled as it is: the gradients at its flow points would be lost.
    """
    if not setting.on_gpu:
        yield "mlp 10 x 64", NOT_HERE, "pays"
        return
    family = FAMILIES["mlp 10 x 64"]
    rule = torch.compile(optimizer.Adam().rule)
    cohort = seeds_of(family, steps=WARM + setting.rounds * setting.steps, device=setting.device)
    with mock.patch.object(optimizer.Adam, "rule", property(lambda self: rule)):
        compiled, longer = _made(lambda: Timed(cohort, 1024))
    plain, shorter = _made(lambda: Timed(cohort, 1024))
    rounds = [(plain.seconds(setting.steps), compiled.seconds(setting.steps)) for _ in range(setting.rounds)]
    saved, seconds = statistics.median(one - other for one, other in rounds), longer - shorter
    yield "mlp 10 x 64, s to compile", seconds, ""
    yield "mlp 10 x 64, ms per step saved", 1e3 * saved / setting.steps, ""
    pays = f"after {seconds / saved * setting.steps:.0f} steps" if saved > 0 else "never"
    yield "mlp 10 x 64, pays", pays, ""


def _made(make: Callable[[], Timed]) -> tuple[Timed, float]:
    """What it makes, and in how many seconds."""
    start = time.perf_counter()
    return make(), time.perf_counter() - start


def several_workers(setting: Setting) -> Rows:
    """Do two cohorts in flight, a process each, do more together than one alone (execution.per_gpu)?"""
    if not setting.on_gpu:
        yield "rnn 64, 50 steps", NOT_HERE, ""
        return
    for workers in (1, 2):
        alone = [sys.executable, __file__, "--device", setting.device, "--rate-of", "rnn 64, 50 steps"]
        running = [subprocess.Popen(alone, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
        try:
            total = sum(float(one.communicate(timeout=60)[0]) for one in running)
        finally:
            for one in running:
                one.kill()
        yield f"rnn 64, 50 steps, {workers} in flight, member-steps/s", total, ""


def rate_of(name: str, device: str) -> float:
    """Member-steps per second of 1,024 members over some seconds: those of `several_workers` overlap but for starts."""
    steps = 4_000
    timed = Timed(seeds_of(FAMILIES[name], steps=WARM + steps, device=device), 1024)
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < 8 and done < steps:
        timed.seconds(50)
        done += 50
    return 1024 * done / (time.perf_counter() - start)


SECTIONS = {
    "replayed = one by one": capture_equals_eager,
    "nothing waits": nothing_waits,
    "GPU = CPU": equal_to_the_cpu,
    "rates": rates,
    "fullness": fullness,
    "torch.compile": compiled_rule,
    "several workers": several_workers,
}


def measured(setting: Setting, budget: float, sections: dict[str, Callable[[Setting], Rows]]) -> Iterator[Row]:
    """The rows of every section as they come; a section that fails ends, and one after the budget does not begin."""
    end, none_left = time.perf_counter() + budget, "left out: no time was left"
    for name, section in sections.items():
        try:
            for row in section(setting) if time.perf_counter() < end else ():
                yield Row(name, *row)
                if time.perf_counter() > end:
                    break
            if time.perf_counter() > end:
                yield Row(name, "the rest", none_left)
        except Exception as error:  # whatever it is, the other sections may still say something
            yield Row(name, "the rest", f"failed: {type(error).__name__}: {str(error).partition(chr(10))[0]}")


def hardware(device: str) -> dict[str, str]:
    """What this ran on, and with which versions."""
    on_gpu = torch.device(device).type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if on_gpu else platform.processor() or platform.machine(),
        "cuda": str(torch.version.cuda) if on_gpu else "",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": version("numpy"),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--quick", action="store_true", help="as little as shows that everything runs")
    parser.add_argument("--budget", type=float, default=330.0, help="seconds after which nothing new begins")
    parser.add_argument("--into", default="on_a_gpu.json")
    parser.add_argument("--sections", nargs="*", default=[""], help="beginnings of their names")
    parser.add_argument("--rate-of", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.rate_of:
        print(rate_of(given.rate_of, given.device))
        return
    setting = Setting(given.device, *((2, 2, 8, 3) if given.quick else (5, 20, 0, 50)))
    sections = {name: one for name, one in SECTIONS.items() if name.startswith(tuple(given.sections))}
    about, rows = hardware(given.device), []
    print(*(f"{key}: {value}" for key, value in about.items()), sep="\n")
    with np.errstate(all="ignore"):  # of what diverges
        for row in measured(setting, given.budget, sections):
            found = f"{row.found:.4g}" if isinstance(row.found, float) else str(row.found)
            print(f"{row.section:22} {row.what:58} {found:>24}  {row.wanted}", flush=True)
            rows.append(asdict(row))
            with open(given.into, "w", encoding="utf-8") as file:
                json.dump({"about": about, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
