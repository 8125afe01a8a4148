"""Sentences about real networks, whose numbers theory knows."""

import re

import pytest

import gradstudy
from gradstudy.report.diagnosis.diagnose import diagnosis_sentences
from gradstudy.report.diagnosis.symptoms import symptoms_of

MLP = ["model=mlp", "task=random_signal", "model.width=128", "budget.steps=0"]


def said(*overrides, seeds=4):
    return diagnosis_sentences(symptoms_of(gradstudy.measure([*MLP, *overrides], seeds=seeds)))


@pytest.mark.parametrize(
    ("activation", "init", "decades"),
    [("sigmoid", "xavier_uniform", 0.627), ("relu", "xavier_normal", 0.1505), ("identity", "default", 0.2386)],
)
def test_a_perceptron_loses_what_theory_says_and_both_are_told(activation, init, decades):
    """Half of log10 of a power factor: 0.0557 (G8), 1/2 (G4) and 1/3 (G1)."""
    sentence = said(f"activation={activation}", f"init={init}", "model.depth=20")[0]
    found = re.match(r"The signal loses (\S+) decades per layer .*: (.*); theory says (\S+)\.$", sentence)
    assert found[2] == f"{activation} under {init}"
    assert float(found[1]) == pytest.approx(decades, rel=0.05)
    assert float(found[3]) == pytest.approx(decades, rel=0.05)


def test_a_healthy_perceptron_has_nothing_wrong():
    sentences = said("activation=relu", "init=kaiming_normal", "model.depth=20", seeds=10)
    assert len(sentences) == 1
    assert sentences[0].startswith("Nothing is wrong: the signal changes by ")


def test_a_dead_network_is_zero_and_not_merely_small():
    sentences = said("activation=relu", "init=lecun", "init.bias_mean=-10")
    assert sentences[0].startswith("No signal comes back anywhere, it is exactly zero: relu under lecun; theory says ")
    assert sentences[-1] == "100 % of the units are dead at step 0 from layer_01 on."


def test_where_float32_ends_the_truth_is_told():
    """G8: 0.627 decades for each of 79 steps make 1e-50; float32 ends near 1e-45, eight layers before."""
    sentences = said("activation=sigmoid", "init=xavier_uniform", "model.depth=80")
    found = re.match(
        r"float32 reads 0 at layer_(\d+) and before; in truth (\S+) comes back to layer_01\.", sentences[-1]
    )
    assert 5 <= int(found[1]) <= 12
    assert 1e-52 < float(found[2]) < 1e-48
