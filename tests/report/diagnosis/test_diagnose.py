"""What is said to be wrong, of made symptoms and of networks whose numbers theory knows."""

import re

import numpy as np
import pandas as pd
import pytest

import gradstudy
from gradstudy.analysis.settings import Analysis
from gradstudy.report.diagnosis.diagnose import diagnosis_sentences
from gradstudy.report.diagnosis.symptoms import Idle, Symptoms, symptoms_of

CHOICES = {"activation": "sigmoid", "init": "xavier_uniform", "optimizer": "adam", "lr": "cosine"}


def decay(rate, places=10):
    """A signal that gains `rate` decades per place on its way back."""
    return 10.0 ** (rate * np.arange(places - 1, -1, -1.0))


@pytest.fixture
def said(make_record, make_measured):
    """The sentences about members whose signals [step, place] are these, all of them healthy to begin with."""

    def made(*signals, fields=(), **measured):
        own = [*fields, *[{}] * (len(signals) - len(fields))]
        kind = measured.pop("kind", "layer")
        records = [
            make_record(np.atleast_2d(signal), seed=seed, kind=kind, **own[seed]) for seed, signal in enumerate(signals)
        ]
        return diagnosis_sentences(symptoms_of(make_measured(*records, **{**CHOICES, **measured})))

    return made


@pytest.mark.parametrize(
    ("rate", "theory", "sentence"),
    [
        (-0.63, -0.6321, "loses 0.63 decades per layer on its way back (5.7 in all, a factor of about 10^6)"),
        (0.4, 0.4, "gains 0.40 decades per layer on its way back (3.6 in all, a factor of about 4000)"),
        (-0.07, -0.07, "loses 0.070 decades per layer on its way back (0.6 in all, a factor of about 4.3)"),
    ],
)
def test_a_loss_or_gain_is_told_per_place_with_its_options_and_theory(said, rate, theory, sentence):
    number = sentence.split()[1]
    first = said(decay(rate), theory=list(theory * np.arange(9, -1, -1)))[0]
    assert first == f"The signal {sentence}: sigmoid under xavier_uniform; theory says {number}."


def test_the_rate_is_per_time_step_of_a_sequence(said):
    assert "0.20 decades per time step" in said(decay(-0.2, 50), kind="time")[0]


def test_what_the_last_answer_alone_loses_is_told_where_answers_nearby_hide_it(said):
    places = [f"time_{place:03d}" for place in range(1, 11)]
    seen = {"far_signal": dict(zip(places, decay(-1.0)[None].T, strict=True))}
    sentences = said(np.ones((1, 10)), fields=[{"places": places, "looks": (0,), "seen": seen}])
    assert sentences[0].startswith("The signal of the last answer alone loses 1.00 decades per time step on its way")
    assert sentences[1] == "It vanishes in 1 of 1 members."


def test_where_theory_is_silent_its_reason_is_told(said):
    assert said(decay(-1.0), no_theory="gated cells")[0].endswith("; theory says nothing here: gated cells.")


@pytest.mark.parametrize(("theory", "words"), [(0.18, "+0.02"), (-np.inf, "zero"), (np.inf, "inf")])
def test_theory_that_says_something_else_is_told_with_its_sign(said, theory, words):
    assert said(decay(-1.0), theory=[theory, *[0.0] * 9])[0].endswith(f"; theory says {words}.")


def test_what_else_decides_the_gradient_at_the_start_is_named_unless_it_is_none(said):
    sentence = said(decay(-1.0), normalization="layer", residual="none", pretraining="rbm")[0]
    assert "sigmoid under xavier_uniform, normalization layer, pretraining rbm;" in sentence


def test_members_that_vanish_or_explode_are_counted(said):
    assert "It vanishes in 2 of 3 members." in said(decay(-0.4), decay(-0.5), decay(-0.2))
    assert "It explodes in 3 of 3 members." in said(*[decay(0.4)] * 3)


def test_a_loss_too_small_for_a_verdict_is_said_to_be(said):
    sentences = said(decay(-0.1))
    assert sentences[0].startswith("The signal loses 0.10 decades per layer")
    assert sentences[1] == "No member is called vanishing for it."


@pytest.mark.parametrize(("rate", "near"), [(-0.16, False), (-0.17, True), (0.11, False), (0.12, True)])
def test_a_near_miss_is_one_from_half_of_a_threshold_on(said, rate, near):
    """Nine places of 0.16 and 0.17 decades are 1.44 and 1.53 of 3, and of 0.11 and 0.12 are 0.99 and 1.08 of 2."""
    sentences = " ".join(said(decay(rate)))
    name = "vanishing" if rate < 0 else "exploding"
    assert (f"Near to {name}: " in sentences) is near
    assert (f"No member is called {name} for it." in sentences) is not near


@pytest.mark.parametrize("rate", [0.0, -0.04, 0.04])
def test_less_than_a_twentieth_of_a_decade_per_place_is_nothing_wrong(said, rate):
    sentences = said(decay(rate), theory=list(rate * np.arange(9, -1, -1)))
    change = f"{rate:+.2f} decades per layer on its way back ({9 * rate:+.1f} in all)"
    assert sentences == [f"Nothing is wrong: the signal changes by {change}; theory says {rate:+.2f}."]


def test_a_small_rate_is_named_where_it_adds_up_to_a_verdict(said):
    sentences = said(decay(-0.004, 1001), kind="time")
    assert sentences[0].startswith(
        "The signal loses 0.0040 decades per time step on its way back (4.0 in all, a factor of about 10000)"
    )
    assert sentences[1] == "It vanishes in 1 of 1 members."


def test_a_rate_that_members_disagree_about_is_noise(said):
    assert said(decay(0.3, 2), decay(0.2, 2), decay(-0.1, 2))[0].startswith("Nothing is wrong:")


def test_one_place_has_nothing_to_be_compared_with(said):
    assert said([1e-9]) == ["Nothing is wrong: the signal has one layer only, and no way to be lost on."]


def test_divergence_comes_first_and_names_the_first_step_and_tensor(said):
    bad = [
        {"first_bad_step": 7, "first_bad_tensor": "loss"},
        {"first_bad_step": 3, "first_bad_tensor": "gradient layer_02.weight"},
        {},
    ]
    sentences = said(*[decay(0.5)] * 3, fields=bad)
    tensor = "the gradient of layer_02.weight was the first to be inf or nan"
    assert sentences[0] == f"2 of 3 members diverged, the first at step 3: {tensor}."
    assert sentences[1].startswith("The signal gains 0.50 decades per layer")
    assert not any("training" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("tensor", "words"), [("loss", "the loss was"), ("parameter readout.bias", "the parameter readout.bias was")]
)
def test_every_kind_of_tensor_has_its_words(said, tensor, words):
    assert words in said(decay(0.0), fields=[{"first_bad_step": 0, "first_bad_tensor": tensor}])[0]


def test_divergence_without_growth_over_depth_is_put_down_to_training(said):
    sentences = said(decay(0.0), fields=[{"first_bad_step": 5, "first_bad_tensor": "loss"}])
    assert sentences[1] == "It is training that makes the gradient grow, and not depth."
    assert sentences[2].startswith("At step 0 the signal is well: it changes by +0.00 decades")


def test_growth_over_training_is_sized_and_counted(said):
    sentences = said([decay(0.0)] * 20, fields=[{"norms": [1.0] * 19 + [1e4]}])
    assert sentences[0].startswith("The gradient grows by 4.0 decades over training, in 1 of 1 members.")


def test_growth_over_training_and_over_depth_are_both_told(said):
    sentences = said([decay(0.3)] * 20, fields=[{"norms": [1.0] * 19 + [1e5]}])
    assert sentences[0].startswith("The signal gains 0.30 decades per layer")
    assert "The gradient grows by 5.0 decades over training, in 1 of 1 members, beside that." in " ".join(sentences)


def test_growth_over_depth_that_explains_the_verdict_blames_no_training(said):
    assert not any("training" in sentence for sentence in said([decay(0.5)] * 20))


def test_a_signal_that_comes_to_vanish_or_explode_in_training_was_well_before(said):
    lost = said([decay(0.0), decay(-0.5), decay(-0.6)])
    assert lost[0].startswith("In training the signal comes to lose 4.5 decades in the median step, in 1 of 1 members.")
    assert lost[1].startswith("At step 0 the signal is well:")
    gained = said([decay(0.0), decay(0.6), decay(0.6)])
    assert gained[0].startswith(
        "In training the signal comes to gain 5.4 decades in its worst step, in 1 of 1 members."
    )


def test_training_that_destroys_a_sloped_signal_is_named_and_the_start_is_not_blamed(said):
    """9 places of 0.2 and 0.3 are 1.8 and 2.7 decades, below the threshold of 3; trained, 9 places of 0.9 are 8.1."""
    worse = [decay(-0.9)] * 3
    sentences = said([decay(-0.2), *worse], [decay(-0.3), *worse])
    assert sentences[0].startswith(
        "The signal loses 0.25 decades per layer on its way back (2.2 in all, a factor of about 200)"
    )
    assert sentences[1:] == [
        "No member is called vanishing for it.",
        "Training makes it worse: it loses 8.1 decades in the median step, in 2 of 2 members.",
    ]


def test_a_start_that_vanishes_and_training_that_makes_it_worse_are_both_told(said):
    """-3.6 decades at step 0 reach the threshold, -1.8 do not; the last member stays as it was."""
    sentences = said([decay(-0.4), *[decay(-0.8)] * 3], [decay(-0.2), *[decay(-0.6)] * 3], [decay(-0.4)] * 4)
    assert sentences[1:] == [
        "It vanishes in 2 of 3 members.",
        "Training makes it worse: it loses 6.3 decades in the median step, in 2 of 3 members.",
    ]


@pytest.mark.parametrize(("later", "is_worse"), [(-0.20, False), (-0.22, True)])
def test_training_makes_it_worse_from_tenfold_on(said, later, is_worse):
    """9 places of 0.10 are 0.9 decades: of 0.20, another 0.9, and of 0.22, another 1.08."""
    sentences = said([decay(-0.1), *[decay(later)] * 3])
    assert any(sentence.startswith("Training makes it worse: it loses 2.0 dec") for sentence in sentences) is is_worse


def test_a_verdict_that_training_adds_less_than_tenfold_for_is_put_down_to_training(said):
    sentences = said([decay(-0.31), *[decay(-0.35)] * 3])
    assert sentences[1] == "No member is called vanishing for it."
    assert sentences[2].startswith(
        "Training makes it worse: it loses 3.1 decades in the median step, in 1 of 1 members"
    )


def test_the_threshold_is_that_of_the_measurement(said):
    """2.7 decades vanish from 2 on, and not from 3 on."""
    assert "It vanishes in 1 of 1 members." in said(decay(-0.3), settings=Analysis(vanishing=2.0))
    near = "Near to vanishing: the signal loses 2.7 decades in the median step, in 1 of 1 members"
    assert f"{near}, which counts as vanishing from 3 on." in said(decay(-0.3))


def test_what_training_takes_is_not_cut_off_at_the_cap(said):
    """9 places of 3 decades are 27, and the cap is 10."""
    lost = said([decay(0.0), *[decay(-3.0)] * 3])
    assert lost[0].startswith(
        "In training the signal comes to lose 27.0 decades in the median step, in 1 of 1 members."
    )


def test_a_signal_that_is_zero_in_training_is_lost_at_no_size(said):
    zero = [np.zeros(10)] * 3
    fields = [{"looks": (0, 1, 2, 3)}] * 2  # float64 reads 0 as well
    well = said([decay(0.0), *zero], fields=fields[:1])
    assert well[0] == "In training nothing comes back in the median step, in 1 of 1 members."
    sloped = said([decay(-0.4), *zero], [decay(-0.4), *zero], [decay(-0.4), *[decay(-0.8)] * 3], fields=fields)
    lost = "it loses 7.2 decades in the median step, in 1 of 3 members"
    assert sloped[2] == (
        f"Training makes it worse: {lost}, and nothing comes back in the median step, in 2 of 3 members."
    )


def test_what_grows_in_training_is_not_cut_off_at_the_cap_and_its_members_are_counted(said):
    """A norm of 1e14 after ones, and 9 places of 2 decades: 14 and 18, where the cap is 10."""
    norms = said([decay(0.0)] * 20, [decay(0.0)] * 20, fields=[{"norms": [1.0] * 19 + [1e14]}])
    assert norms[0].startswith("The gradient grows by 14.0 decades over training, in 1 of 2 members.")
    depth = said([decay(0.0), decay(2.0)], [decay(0.0), decay(0.0)])
    assert depth[0].startswith("In training the signal comes to gain 18.0 decades in its worst step, in 1 of 2 members")


def test_what_training_mends_is_said(said):
    assert "Training mends it: -0.9 decades in the median step." in said([decay(-0.8), decay(-0.1), decay(-0.1)])


def test_an_underflow_says_from_where_on_and_what_the_truth_is(said):
    truth = decay(-8.0)  # 1e-72, 1e-64, ..., 1
    sentences = said(np.where(truth < 1e-37, 0.0, truth), fields=[{"exact": [truth]}])
    assert sentences[0].startswith(
        "The signal loses 8.00 decades per layer on its way back (72.0 in all, a factor of about 10^72)"
    )
    assert sentences[-1] == "float32 reads 0 at layer_05 and before; in truth 1e-72 comes back to layer_01."


def test_the_size_of_an_underflow_is_that_of_the_table_where_members_differ(said):
    """Gains of -60, -50 and -46 in the middle of last places 1, 1e-4 and 1e-2: -50 from 1e-2 on, which is 1e-52."""
    truths = [[1e-60, 1.0], [1e-54, 1e-4], [1e-48, 1e-2]]
    fields = [{"exact": [truth]} for truth in truths]
    sentence = said(*[[0.0, truth[1]] for truth in truths], fields=fields)[-1]
    assert sentence == "float32 reads 0 at layer_01; in truth 1e-52 comes back to layer_01."


def test_a_true_zero_says_where_it_begins_and_has_no_rate(said):
    silent = np.array([0.0, 0.0, 0.0, *decay(0.0, 7)])
    longer = np.array([0.0, 0.0, 0.0, 0.0, *decay(0.0, 6)])
    sentence = said(silent, longer, theory=[-9.0, *[0.0] * 9])[0]
    options = "sigmoid under xavier_uniform; theory says -1.00 decades per layer"
    assert sentence == f"No signal comes back to layer_03 and before, it is exactly zero: {options}."


def test_a_zero_everywhere_and_one_of_some_members_only_are_said_to_be(said):
    assert said([0.0, 0.0])[0].startswith("No signal comes back anywhere, it is exactly zero: sigmoid")
    some = said([0.0, 1.0], [1.0, 1.0], [1.0, 1.0])[0]
    assert some.startswith("No signal comes back to layer_01 in 1 of 3 members, it is exactly zero:")


def test_where_some_members_are_zero_the_others_have_their_rate(said):
    zero = np.array([0.0, *decay(-0.5, 9)])
    sentences = said(zero, zero, decay(-0.5), decay(-0.5))
    assert sentences[0].startswith("No signal comes back to layer_01 in 2 of 4 members,")
    assert sentences[1].startswith(
        "The signal loses 0.50 decades per layer on its way back (4.5 in all, a factor of about 30000):"
    )


def test_a_signal_that_is_never_finite_has_no_rate(said):
    sentences = said([np.inf, 1.0], fields=[{"first_bad_step": 0, "first_bad_tensor": "loss"}])
    assert sentences[1].startswith("The signal is inf or nan already at step 0: sigmoid under xavier_uniform;")
    assert len(sentences) == 2


@pytest.mark.parametrize(
    ("shares", "where"),
    [
        ([0.1, 0.9, 0.8, 1.0], "90 % of the units are dead at step 0 from layer_02 on"),
        ([0.1, 0.9, 0.2, 0.8], "85 % of the units are dead at step 0 in 2 of 4 places, first in layer_02"),
        ([0.1, 0.2, 0.8], "80 % of the units are dead at step 0 in layer_03"),
        ([1.0], "100 % of the units are dead at step 0"),
    ],
)
def test_dead_units_are_counted_and_located(said, shares, where):
    seen = {"dead_units": {f"layer_{site:02d}": [share] for site, share in enumerate(shares, start=1)}}
    assert f"{where}." in said(decay(0.0), fields=[{"seen": seen}])


def test_saturated_units_are_told_at_the_look_that_has_more(said):
    seen = {"saturated_units": {"layer_01": [0.2, 0.75]}}
    sentences = said([decay(0.0)] * 4, fields=[{"seen": seen, "looks": (0, 3)}])
    assert "75 % of the units are saturated at step 3." in sentences
    assert sentences[0].startswith("At step 0 the signal is well:")


def test_as_many_idle_units_as_a_healthy_deep_network_has_are_nothing_to_report(said):
    seen = {"dead_units": {"layer_01": [0.5], "layer_02": [0.65]}, "saturated_units": {"layer_01": [0.5]}}
    assert len(said(decay(0.0), fields=[{"seen": seen}])) == 1


def test_a_diagnosis_needs_plain_values_only():
    members = {
        "gain_init": -4.0,
        "gain": -4.0,
        "vanishing": 4.0,
        "exploding": 0.0,
        "verdict": "vanishing",
        "outcome": "learned",
    }
    symptoms = Symptoms(
        kind="block",
        places=("layer_01", "layer_02", "layer_03"),
        signal=np.array([[1e-4, 1e-2, 1.0]]),
        recorded=np.array([[1e-4, 1e-2, 1.0]]),
        members=pd.DataFrame([{**members, "first_bad_step": None, "first_bad_tensor": None}]),
        worst_gain=np.array([-4.0]),
        growth=np.array([0.0]),
        choices=CHOICES,
        theory=-4.1,
        saturated=Idle(0, ("layer_01",), np.array([0.9])),
    )
    assert diagnosis_sentences(symptoms) == [
        "The signal loses 2.00 decades per block on its way back (4.0 in all, a factor of about 10000): "
        "sigmoid under xavier_uniform; theory says 2.05.",
        "It vanishes in 1 of 1 members.",
        "90 % of the units are saturated at step 0.",
    ]


def test_what_is_wrong_is_said_in_a_sentence_per_line(make_record, make_measured):
    """One decade per layer is lost over six layers, where theory says half of it."""
    decay = [[10.0**-layer for layer in range(6, -1, -1)]]
    said = gradstudy.diagnose(make_measured(make_record(decay), theory=[-3, -2.5, -2, -1.5, -1, -0.5, 0]))
    whole = "(6.0 in all, a factor of about 10^6)"
    assert said.splitlines()[:2] == [
        f"The signal loses 1.00 decades per layer on its way back {whole}: tanh under default; theory says 0.50.",
        "It vanishes in 1 of 1 members.",
    ]


def test_of_a_healthy_network_one_line_says_so(make_record, make_measured):
    said = gradstudy.diagnose(make_measured(make_record([[1.0, 1.0, 1.0]])))
    assert said.startswith("Nothing is wrong: ")
    assert "\n" not in said


MLP = ["model=mlp", "task=random_signal", "model.width=128", "budget.steps=0"]


def said_of_network(*overrides, seeds=4):
    return diagnosis_sentences(symptoms_of(gradstudy.measure([*MLP, *overrides], seeds=seeds)))


@pytest.mark.parametrize(
    ("activation", "init", "decades"),
    [("sigmoid", "xavier_uniform", 0.627), ("relu", "xavier_normal", 0.1505), ("identity", "default", 0.2386)],
)
def test_a_perceptron_loses_what_theory_says_and_both_are_told(activation, init, decades):
    """Half of log10 of a power factor: 0.0557 (G8), 1/2 (G4) and 1/3 (G1)."""
    sentence = said_of_network(f"activation={activation}", f"init={init}", "model.depth=20")[0]
    found = re.match(r"The signal loses (\S+) decades per layer .*: (.*); theory says (\S+)\.$", sentence)
    assert found[2] == f"{activation} under {init}"
    assert float(found[1]) == pytest.approx(decades, rel=0.05)
    assert float(found[3]) == pytest.approx(decades, rel=0.05)


def test_a_healthy_perceptron_has_nothing_wrong():
    sentences = said_of_network("activation=relu", "init=kaiming_normal", "model.depth=20", seeds=10)
    assert len(sentences) == 1
    assert sentences[0].startswith("Nothing is wrong: the signal changes by ")


def test_a_dead_network_is_zero_and_not_merely_small():
    sentences = said_of_network("activation=relu", "init=lecun", "init.bias_mean=-10")
    assert sentences[0].startswith("No signal comes back anywhere, it is exactly zero: relu under lecun; theory says ")
    assert sentences[-1] == "100 % of the units are dead at step 0 from layer_01 on."


def test_where_float32_ends_the_truth_is_told():
    """G8: 0.627 decades for each of 79 steps make 1e-50; float32 ends near 1e-45, eight layers before."""
    sentences = said_of_network("activation=sigmoid", "init=xavier_uniform", "model.depth=80")
    found = re.match(
        r"float32 reads 0 at layer_(\d+) and before; in truth (\S+) comes back to layer_01\.", sentences[-1]
    )
    assert 5 <= int(found[1]) <= 12
    assert 1e-52 < float(found[2]) < 1e-48


def test_a_near_miss_that_learned_nothing_is_not_well(make_record, make_measured):
    """A post-norm transformer lost 2.78 decades in training at chance, where a verdict begins at 3; ln 10 is 2.30."""
    lost = [[1.0, 1.0], *[[10**-2.78, 1.0]] * 3]
    record = make_record(lost, loss=[2.4, 2.31, 2.31, 2.31], baseline=2.3026)
    said = gradstudy.diagnose(make_measured(record))
    assert "Nothing is wrong" not in said
    near = (
        "Near to vanishing: the signal loses 2.8 decades (a factor of about 600) in the median step, in 1 of 1 members"
    )
    assert f"{near}, which counts as vanishing from 3 on." in said
    assert "It learned nothing, in 1 of 1 members: the loss ends at 2.31, and a constant answer has 2.3." in said


def test_what_learned_is_said_to(make_record, make_measured):
    said = gradstudy.diagnose(make_measured(make_record([[1.0, 1.0]] * 2, loss=[2.4, 0.2], baseline=2.3026)))
    assert said.splitlines()[-1] == "It learns: the loss ends at 0.2, and a constant answer has 2.3."


@pytest.mark.parametrize(("end", "little"), [(0.85, True), (0.75, False)])
def test_what_is_hardly_more_than_nothing_is_said_to_be_little(said, end, little):
    """A tenth of the way from 1 to 0 counts as learned: 0.15 is near to it, 0.25 is not."""
    sentences = said([[1.0]] * 20, fields=[{"loss": [end] * 20, "baseline": 1.0}])
    ended = f"the loss ends at {end}, and a constant answer has 1"
    if little:
        so_far = "0.15 of the way to 0, where less than 0.1 is nothing"
        assert sentences[0] == f"It learned little, in 1 of 1 members: {ended}: {so_far}."
        assert not any(sentence.startswith(("It learns", "Nothing is wrong")) for sentence in sentences)
    else:
        assert sentences[-1] == f"It learns: {ended}."


@pytest.mark.parametrize(("loss", "accuracy", "by_heart"), [(1.5, 0.6, True), (1.5, 0.9, False), (0.9, 0.6, False)])
def test_what_does_not_hold_for_other_samples_was_learned_by_heart(said, loss, accuracy, by_heart):
    """Who always answers the largest class is right in 0.7: a large loss at 0.9 comes of few mistakes made surely."""
    held_out = {name: {"all": [value]} for name, value in (("held_out_loss", loss), ("held_out_accuracy", accuracy))}
    seen = {**held_out, "baseline_accuracy": {"all": [0.7]}}
    sentences = said([[1.0]] * 20, fields=[{"loss": [0.1] * 20, "baseline": 1.0, "seen": seen, "looks": (19,)}])
    words = "the loss ends at 0.1 in training and at 1.5 on what was held out, and a constant answer has 1"
    assert (sentences[0] == f"It learned by heart alone, in 1 of 1 members: {words}.") is by_heart
    assert (sentences[0].startswith("Nothing is wrong")) is not by_heart


def test_a_unit_that_is_flat_on_both_sides_is_saturated_and_not_dead_as_well(said):
    seen = {"dead_units": {"layer_01": [1.0]}, "saturated_units": {"layer_01": [1.0]}}
    assert [one for one in said([[1.0]] * 2, fields=[{"seen": seen}]) if "units" in one] == [
        "100 % of the units are saturated at step 0."
    ]
