"""How large a network is, before it is made: against what PyTorch holds of it, and against this machine."""

import pytest
from support.command import in_process

from gradstudy.batch import cohorts_of
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.layer_parts import network_of
from gradstudy.records import Member
from gradstudy.training import footprint as sizes
from gradstudy.training.estimate import measured_cost
from gradstudy.training.footprint import footprint

KINDS = [
    ["model=rnn", "model.width=64"],
    ["model=lstm", "task.length=100", "activation=softplus"],
    ["model=mlp", "task=digits", "model.depth=10", "optimizer=adam"],
    ["model=cnn", "task=digits", "task.image=true"],
    ["model=transformer", "task.length=60"],
    ["model=resnet", "task=digits", "task.image=true", "normalization=batch"],
]


def made_of(words):
    with hydra_ready():
        composer = Composer([*words, "budget.steps=2", "execution=inline"])
        return composer.launch, composer.parts({})


@pytest.mark.parametrize("words", KINDS, ids=" ".join)
def test_a_network_takes_as_much_memory_as_said_within_a_factor_of_a_few(words):
    launch, parts = made_of(words)
    size = footprint(network_of(parts), parts)
    cohort = cohorts_of(launch, [Member(0, 0)], {0: parts}, {0: size}, 1, keep_weights=True)[0]
    _, measured = measured_cost(cohort)
    assert measured / 2 < size.memory < 6 * measured


@pytest.mark.parametrize("model", ["rnn", "gru", "lstm"])
def test_what_runs_in_machine_code_takes_less_memory_than_is_said_of_any(model):
    launch, parts = made_of([f"model={model}", "task.length=100"])
    size = footprint(network_of(parts), parts)
    _, measured = measured_cost(cohorts_of(launch, [Member(0, 0)], {0: parts}, {0: size}, 1, keep_weights=True)[0])
    assert measured < size.memory


def test_the_parameters_of_a_perceptron_are_counted():
    _, parts = made_of(["model=mlp", "task=digits", "model.width=7", "model.depth=3"])
    assert footprint(network_of(parts), parts).parameters == (64 + 1) * 7 + 2 * (7 + 1) * 7 + (7 + 1) * 10


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["model.width=16384"], "at most 100,000,000"),
        (["task.batch_size=65536", "task.length=100000"], "this machine has"),
        (["model=transformer", "task.length=100000"], "this machine has"),
        (["model=mlp", "task=random_signal", "task.features=65536", "model.width=16384"], "at most 100,000,000"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_no_machine_holds_is_refused_before_anything_of_it_is_made(words, hint, workplace):
    done = in_process(["mode=trial", "budget.steps=0", "budget.seeds=1", *words], workplace)
    assert (done.code, hint in done.message, len(done.message.splitlines())) == (2, True, 1), done


def test_members_train_together_as_far_as_half_of_the_memory_holds_them(monkeypatch):
    launch, parts = made_of(["model=rnn"])
    network, members = network_of(parts), [Member(0, seed) for seed in range(8)]
    record = 2 * 8 * launch.budget.steps * (sum(map(len, network.places.values())) + len(network.parameters) + 4)
    size = footprint(network, parts)
    one = size.memory + record

    def largest_in(memory):
        monkeypatch.setattr("gradstudy.batch.memory_here", lambda: memory)
        return max(len(cohort.members) for cohort in cohorts_of(launch, members, {0: parts}, {0: size}, 64))

    assert [largest_in(memory * one) for memory in (100, 16, 8, 1, 0.1)] == [8, 8, 4, 1, 1]


def test_a_container_has_the_memory_that_it_was_given(tmp_path, monkeypatch):
    whole = sizes.memory_here()
    for content, expected in (("max\n", whole), ("1000000\n", 1e6), (f"{2**62}\n", whole)):
        (limit := tmp_path / "memory.max").write_text(content)
        monkeypatch.setattr(sizes, "CONTROL_GROUPS", (limit, tmp_path / "nowhere"))
        assert sizes.memory_here() <= expected
        assert content != "1000000\n" or sizes.memory_here() == expected
