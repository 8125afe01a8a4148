"""What people type who know PyTorch, Keras and Hydra alone: taken for what it means, or told what to type."""

import shlex
from unittest.mock import patch

import pytest
from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser

from gradstudy.configs.aliases import ALIASES, name_core, option_meant
from gradstudy.configs.command_line import check_command_line
from gradstudy.configs.composition import Composer, hydra_ready
from gradstudy.configs.elsewhere import VALUE, WAYS
from gradstudy.configs.overrides import as_override
from gradstudy.configs.shipped_keys import shipped_values
from gradstudy.configs.sources import shipped_options
from gradstudy.configs.study_file import OPTION_GROUPS, check_shape
from gradstudy.configs.typed import check_flags, understood
from gradstudy.configs.yaml_file import read_yaml
from gradstudy.errors import InputError
from gradstudy.factors.activation import Relu
from gradstudy.factors.optimizer import Adam
from gradstudy.preparation import fingerprint_of
from gradstudy.records import Factor
from gradstudy.training.cohort import structure

NO_KEY = "There is no key"
TOLD = {
    # words of other libraries
    "learning_rate=0.1": f"{NO_KEY} 'learning_rate'. Write lr.value=0.1.",
    "+learning_rate=0.1": f"{NO_KEY} 'learning_rate' in a configuration. Write lr.value=0.1.",
    "lr=0.1": "lr takes one of its options, got 0.1. Write lr.value=0.1.",
    "lr=1e-3": "lr takes one of its options, got 1e-3. Write lr.value=1e-3.",
    "optimizer.lr=0.1": f"{NO_KEY} 'optimizer.lr' in the configuration. Write lr.value=0.1.",
    "scheduler=CosineAnnealingLR": f"{NO_KEY} 'scheduler'. Write lr=cosine.",
    "epochs=10": f"{NO_KEY} 'epochs'. Write budget.steps=10: a study counts steps, of one batch each.",
    "training.epochs=10": f"{NO_KEY} 'training.epochs'. Write budget.steps=10: a study counts steps, of one batch each.",
    "steps=100": f"{NO_KEY} 'steps'. Write budget.steps=100.",
    "batch_size=32": f"{NO_KEY} 'batch_size'. Write task.batch_size=32.",
    "batchSize=32": f"{NO_KEY} 'batchSize'. Write task.batch_size=32.",
    "dropout=0.1": f"{NO_KEY} 'dropout'. Write regularization=dropout regularization.dropout=0.1.",
    "model.dropout=0.1": f"{NO_KEY} 'model.dropout' in the configuration. Write regularization=dropout regularization.dropout=0.1.",
    "weight_decay=1e-4": "Write regularization=weight_decay regularization.weight_decay=1e-4: as a step of its own, beside the gradient, it is optimizer=adamw optimizer.weight_decay=1e-4.",
    "optimizer.weight_decay=0.1": "it belongs to optimizer=adamw, optimizer=lion. Add one that has it: optimizer=adamw optimizer.weight_decay=0.1",
    "loss=mse": "Write model=mlp task=digits: the task decides its loss, cross-entropy for classes as here and mean squared error for numbers as in task=line.",
    "momentum=0.9": f"{NO_KEY} 'momentum'. Write optimizer=sgd optimizer.momentum=0.9.",
    "beta1=0.8": f"{NO_KEY} 'beta1'. Write optimizer=adam optimizer.beta1=0.8.",
    "betas=[0.8,0.9]": "Write optimizer=adam optimizer.beta1=0.8 optimizer.beta2=0.9: they are two numbers, which can vary.",
    "optimizer=momentum": "Write optimizer=sgd optimizer.momentum=0.9.",
    "clip=1": f"{NO_KEY} 'clip'. Write clipping=norm clipping.max_norm=1.",
    "grad_clip=1": f"{NO_KEY} 'grad_clip'. Write clipping=norm clipping.max_norm=1.",
    "clipping=1.0": "clipping takes one of its options, got 1.0. Write clipping=norm clipping.max_norm=1.0.",
    "clipping.max_norm=5": "it belongs to clipping=norm. Add one that has it: clipping=norm clipping.max_norm=5",
    "depth=10": f"{NO_KEY} 'depth' in the configuration. Write model.depth=10.",
    "width=64": f"{NO_KEY} 'width' in the configuration. Write model.width=64.",
    "hidden_size=64": f"{NO_KEY} 'hidden_size'. Write model.width=64.",
    "num_layers=3": f"{NO_KEY} 'num_layers'. Write model.depth=3.",
    "layers=3": f"{NO_KEY} 'layers'. Write model.depth=3.",
    "hidden_layers=[512,256]": f"{NO_KEY} 'hidden_layers'. Write model=mlp model.depth=2 model.width=[512,256].",
    "nonlinearity=ReLU": f"{NO_KEY} 'nonlinearity'. Write activation=relu.",
    "norm=bn": f"{NO_KEY} 'norm'. Write normalization=batch.",
    "batchnorm=true": f"{NO_KEY} 'batchnorm'. Write normalization=batch.",
    "init=zeros": "Write init=constant init.value=0.",
    "residual=true": "residual takes one of its options, got true. Write residual=additive.",
    "activation=relu6": "There is no activation 'relu6'. Options: elu, gelu, hard_tanh, identity, leaky_relu, prelu, relu, selu, sigmoid, silu, softplus, softsign, tanh. Did you mean 'relu'?",
    "dataset=mnist": f"{NO_KEY} 'dataset'. Write model=mlp task=openml task.name=mnist_784.",
    "task=iris": "Write model=mlp task=openml task.name=iris: datasets are read from openml.org by their name.",
    "task.path=b.csv": "it belongs to task=table. Add one that has it: task=table task.path=b.csv",
    "trials=10": f"{NO_KEY} 'trials'. Write budget.trials=10.",
    "n_trials=10": f"{NO_KEY} 'n_trials'. Write budget.trials=10.",
    "seeds=5": f"{NO_KEY} 'seeds'. Write budget.seeds=5.",
    "seed=0..4": "seed must be a whole number of at least 0, and below 2^53, got '0..4'. How many seeds each trial is trained with says budget.seeds=5.",
    "seed=1,2,3": "'seed=1,2,3' gives several values. Write budget.seeds=3 to train every trial at that many seeds.",
    "device=0": "device takes one of its options, got 0. Write device.name=cuda:0.",
    "device=cuda:0": "There is no device 'cuda:0'. Options: auto, cpu, cuda. Write device.name=cuda:0.",
    "eps=1e-6": "Write clipping.eps=1e-6 or normalization.eps=1e-6 or optimizer.eps=1e-6.",
    # studies and modes
    "study=rnn_clip": "A study is chosen with its plus: +study=NAME.",
    "--study rnn_clip": "There is no flag --study. Write +study=rnn_clip.",
    "-study rnn_clip": "There is no flag -study. Write +study=rnn_clip.",
    "--lr 0.1": "There is no flag --lr. Write lr.value=0.1.",
    "--dry-run": "There is no flag --dry-run. Write mode=plan.",
    "rnn_clip": "'rnn_clip' is no override, which is key=value. Write +study=rnn_clip.",
    "run rnn_clip": "'run' is no override, which is key=value. Write mode=run.",
    "plan": "'plan' is no override, which is key=value. Write mode=plan.",
    "mode=Plan": "mode must be one of run, plan, report, trial, got 'Plan'. Did you mean 'plan'?",
    "mode=train": "mode must be one of run, plan, report, trial, got 'train'. Write mode=trial.",
    "+study=rnn_clip +study=gates": "study is chosen twice, and a launch has one. Take one away, or launch both: -m +study=A,B.",
    # how it is typed
    "activation = relu": "An override must be written as key=value, without blanks around =, got '='.",
    "'activation = relu'": "There is a blank before = in 'activation = relu'. Write activation=relu.",
    "activation: relu": "'activation:' is no override, which is key=value. Write activation=VALUE, without blanks and with = between them.",
    "activation=relu,": "There is a comma at the end of 'activation=relu,'. Write activation=relu.",
    "activation=relu,tanh": "Write space.activation='choice(relu,tanh)' to vary it in the study; -m launches once per value.",
    "lr.value=0,1": "'lr.value=0,1' gives several values. Write lr.value=0.1, or space.lr.value='choice(0,1)' to vary it in the study.",
    "budget.trials=1,000": "'budget.trials=1,000' gives several values. Write budget.trials=1000, without commas.",
    "budget.trials=1k": "budget.trials must be a whole number, got '1k'. Write budget.trials=1000.",
    "optimizer.nesterov=yes": "optimizer.nesterov must be true or false, got 'yes'.",
    "lr.value=1e4^99": "lr.value must be a number, got '1e4^99'.",
    "lr.value=10^-3": "lr.value must be a number, got '10^-3'. Write lr.value=0.001.",
    "lr.value=1e-3s": "lr.value must be a number, got '1e-3s'. Write lr.value=0.001.",
    "lr.value=1/8": "lr.value must be a number, got '1/8'. Write lr.value=0.125.",
    "init.gain='sqrt(2)'": "init.gain must be a number, got 'sqrt(2)'. Write init.gain=1.41421356237.",
    # what varies
    "model.depth=interval(2,10)": "'model.depth=interval(2,10)' gives several values. Write space.model.depth='int(interval(2,10))' to vary it in the study",
    "space.model.depth=interval(2,10)": "space.model.depth takes whole numbers, got interval(2,10). Write int(interval(2,10)).",
    "model.depth=[2,4,8]": "model.depth must be a whole number, got [2, 4, 8]. Write space.model.depth='choice(2, 4, 8)' to vary it.",
    "model.depth=2-10": "model.depth must be a whole number, got '2-10'. Write space.model.depth='int(interval(2, 10))' to vary it.",
    "model.depth=choice[2,4]": "The levels of 'model.depth=choice[2,4]' stand in round brackets. Write space.model.depth='choice(2,4)'.",
    "space.lr.value=interval(10,2)": "an interval must go from low to high, got 10 and 2; swap them.",
    "space.lr.value=log(1e-4,1)": "space.lr.value: 'log(1e-4,1)' is not read. Write tag(log, interval(1e-4,1)).",
    "space.lr.value=loguniform(1e-4,1)": "'loguniform(1e-4,1)' is not read. Write tag(log, interval(1e-4,1)).",
    "space.lr.value=uniform(0,1)": "'uniform(0,1)' is not read. Write interval(0,1).",
    "space.model.depth=randint(2,10)": "'randint(2,10)' is not read. Write int(interval(2,10)).",
    "space.lr=choice(0.1,0.01)": "Write space.lr.value='choice(0.1,0.01)'.",
    "space.learning_rate=interval(0,1)": "exists under any choice of this study. Write space.lr.value='interval(0,1)'.",
    "space.dropout=interval(0,0.5)": "Write regularization=dropout space.regularization.dropout='interval(0,0.5)'.",
    "space.optimizer.betas=choice(1,2)": "Write space.optimizer.beta1 and space.optimizer.beta2, each with levels or a range.",
    "space.activation=choice[tanh,relu]": "space.activation: 'choice[tanh,relu]' is not read. Write choice(tanh,relu).",
    "space.activation=choice(tanh,relu,)": "'choice(tanh,relu,)' is not read. Write choice(tanh,relu).",
    "space.activation=choice(tanh,relu": "a bracket or a quote is not closed in 'choice(tanh,relu'.",
    "space.activation=choice": "choice takes its levels in brackets, which a shell takes away where they are not quoted. Write space.activation='choice(...)'.",
    "space.activation=choice(relu,ReLU)": "every level must be named once, got relu twice; take one away.",
    "space.lr.value=choice(0.1,0.2) lr.value=0.1": "'lr.value' is both varied (space.lr.value) and fixed (lr.value=0.1): take one of the two away.",
    "activation._target_=torch.nn.ReLU": "'torch.nn.ReLU' is of the package torch",
}  # fmt: skip

MEANT = {
    "activation=ReLU": "activation=relu",
    "activation='nn.SiLU()'": "activation=silu",
    "init=he": "init=kaiming_normal",
    "optimizer=SGD": "optimizer=sgd",
    "model=LSTM": "model=lstm",
    "normalization=null": "normalization=none",
    "clipping=off": "clipping=none",
    "device=gpu": "device=cuda",
    "activation=‘relu’": 'activation="relu"',
    "activation=leaky_relu activation.slope=0.2": "activation=leaky_relu ++activation.negative_slope=0.2",
    "optimizer=adam optimizer.betas=[0.8,0.9]": "optimizer=adam ++optimizer.beta1=0.8 ++optimizer.beta2=0.9",
}
"""What means one thing only, and what is composed for it: names of here alone are kept."""

NAMES = {
    "activation=LeakyReLU": "activation=leaky_relu",
    "activation=swish": "activation=silu",
    "activation=None": "activation=identity",
    "init=glorot": "init=xavier_uniform",
    "init=kaiming": "init=kaiming_normal",
    "init=xavier": "init=xavier_uniform",
    "init=he_uniform": "init=kaiming_uniform",
    "optimizer=Adam": "optimizer=adam",
    "model=transformers": "model=transformer",
    "normalization=BatchNorm": "normalization=batch",
    "regularization=l2": "regularization=weight_decay",
    "lr=CosineAnnealingLR": "lr=cosine",
    "activation=Hardtanh": "activation=hard_tanh",
    "activation=torch.nn.GELU": "activation=gelu",
    "activation=PReLU": "activation=prelu",
    "init=xavier_normal_": "init=xavier_normal",
    "init=orthogonal_": "init=orthogonal",
    "optimizer=RMSprop": "optimizer=rmsprop",
    "optimizer=optim.AdamW": "optimizer=adamw",
    "normalization=LayerNorm": "normalization=layer",
    "normalization=rms-norm": "normalization=rms",
    "clipping=clip_grad_norm_": "clipping=norm",
    "model=ResNet": "model=resnet",
    "residual=skip": "residual=additive",
}
"""More of these, looked up alone."""

FACTORS = (
    Factor("activation", levels=("tanh", "relu")),
    Factor("init", levels=("kaiming_normal", "xavier_uniform")),
    Factor("normalization", levels=("none", "layer")),
)
TEXTS = [
    "Größe",
    "~/b.csv",
    "my data/b.csv",
    "b=1.csv",
    "b+1.csv",
    "rows [1] (2).csv",
    r"C:\Daten\größe.csv",
    "~a;b#c",
    "it's",
]

FILES = {
    "model: mlp": "model is a group, whose option is chosen in defaults, got model: mlp. Write defaults: [override /model: mlp].",
    "lr: 0.1": "lr is a group, whose option is chosen in defaults, got lr: 0.1. Write lr: {value: 0.1}.",
    "defaults: [{model: mlp}]": "defaults hold 'model: mlp'. Write override /model: mlp.",
    "defaults: [{override model: mlp}]": "defaults hold 'override model: mlp'. Write override /model: mlp.",
    "defaults: [model=mlp]": "defaults hold 'model: mlp'. Write override /model: mlp.",
    "model.depth: 3": "'model.depth' does not name a key inside model. Write model: {depth: 3}.",
    "model: {depth: 3}\nseed: 1\nmodel: {width: 3}": "the key model is given twice, in lines 1 and 3; take one away.",
    "model: {depth: 3, depth: 4}": "the key depth is given twice, in lines 1 and 1; take one away.",
    "learning_rate: 0.1": "there is no key 'learning_rate'. Write lr: {value: 0.1}.",
    "epochs: 10": "there is no key 'epochs'. Write budget: {steps: 10}: a study counts steps, of one batch each.",
    "dropout: 0.1": "Write defaults: [override /regularization: dropout] and regularization: {dropout: 0.1}.",
    "model: {depth: 3}\nspace: {model.depth: 'choice(2, 3)'}": "'model.depth' is both varied (space: {model.depth: \"choice(2, 3)\"}) and fixed (model: {depth: 3}): take one of the two away.",
    "space: {init: {gain: 'interval(0, 1)'}}": "a factor of space has its whole name. Write space: {init.gain: \"interval(0, 1)\"}.",
    "space: {init: choice(he, glorot)}": "inside of { } a comma ends an entry, as in init: choice(he. Write init: 'choice(he, glorot)', in quotes.",
    "space:\n\tinit: choice(he, glorot)": "line 2 begins with a sign that YAML keeps for itself: a tab in place of blanks",
}  # fmt: skip

LEXER = ("mismatched", "viable", "extraneous", "token", "EOF", "Lexer", "recognition", "multirun")


@pytest.fixture(scope="module")
def hydra():
    GlobalHydra.instance().clear()
    with hydra_ready():
        yield


def door(typed):
    """The launch that these words are, as the command line checks them."""
    words = shlex.split(typed)
    check_command_line(words)
    check_flags(words)
    composer = Composer(words)
    composer.parts({})
    return composer


def test_the_table_holds_more_than_sixty_mistakes():
    assert len(TOLD) + len(MEANT) + len(FILES) > 100


@pytest.mark.parametrize("typed", TOLD)
def test_a_mistake_is_told_what_to_type(hydra, typed):
    with pytest.raises(InputError) as refusal:
        door(typed)
    message = str(refusal.value)
    assert TOLD[typed] in message
    assert not [word for word in LEXER if word in message]
    assert "\n" not in message


@pytest.mark.parametrize("typed", MEANT)
def test_what_can_only_mean_one_thing_is_taken_for_it_and_kept_by_its_name_here(hydra, typed, monkeypatch):
    assert door(typed).overrides == shlex.split(MEANT[typed], posix=False)


@pytest.mark.parametrize("typed", NAMES)
def test_an_option_by_another_name_is_found(typed):
    group, _, name = typed.partition("=")
    assert f"{group}={option_meant(group, name, shipped_options(group))}" == NAMES[typed]


@pytest.mark.parametrize("text", FILES)
def test_a_study_file_with_a_natural_mistake_is_told_what_to_write(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as refusal:
        check_shape(path, read_yaml(path))
    assert FILES[text] in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert not [word for word in LEXER if word in str(refusal.value)]


def sample(way):
    """What the table tells, with the first option of a group, and else what a key holds, for what was given."""
    words = {}
    for override in way.typed(VALUE):
        key, _, value = override.partition("=")
        held = shipped_options(key)[0] if key in OPTION_GROUPS else next(iter(shipped_values(key)), None)
        words[key] = as_override(key, held) if VALUE in value else override.replace("COUNT", "2").replace("...", "0.5")
    return words


def batches():
    """The ways, each with those that speak of other groups: composing takes a tenth of a second."""
    made = []
    for words in map(sample, WAYS):
        groups = {key.partition(".")[0] for key in words}
        home = next((batch for batch in made if not groups & batch[0]), None) or made.append((set(), {})) or made[-1]
        home[0].update(groups)
        home[1].update(words)
    return [list(words.values()) for _, words in made]


def test_all_that_is_told_for_words_of_other_libraries_composes(hydra):
    for words in batches():
        assert compose("config", understood(words)) is not None


def test_no_other_name_means_two_options_or_hides_one():
    for group, names in ALIASES.items():
        options = shipped_options(group)
        others = [name_core(other) for option in names for other in names[option].split()]
        assert set(names) <= set(options), group
        assert len(set(others)) == len(others), group
        assert not set(others) & {name_core(option) for option in options}, group


@pytest.mark.parametrize("text", TEXTS)
def test_text_arrives_as_it_was_typed(hydra, text):
    for key in ("task.path", "task.target"):
        config = compose("config", understood(["task=table", f"{key}={text}"]))
        assert config.task[key.partition(".")[2]] == text
    (parsed,) = OverridesParser.create().parse_overrides(understood([f"+study={text}"]))
    assert parsed.value() == text


def test_overrides_of_a_trial_that_was_stored_with_its_betas_in_one_list_make_the_same_optimizer(hydra):
    stored = Composer(["optimizer=adam", "optimizer.betas=[0.8, 0.9]", "trial=3", "activation=relu"])
    now = Composer(["optimizer=adam", "optimizer.beta1=0.8", "optimizer.beta2=0.9", "trial=3", "activation=relu"])
    assert stored.parts({}) == now.parts({})
    assert stored.parts({})["optimizer"] == Adam(beta1=0.8, beta2=0.9)


def test_a_study_that_fixes_betas_has_the_fingerprint_that_it_had_when_they_were_one_list(hydra):
    composer = Composer(["optimizer=adam", "+space.activation=choice(tanh,relu)"])
    fixed = composer.fixed()
    fixed["optimizer"] = {"_target_": "gradstudy.factors.optimizer.Adam", "betas": [0.9, 0.999], "eps": 1e-8}
    now = fingerprint_of(composer)
    with patch.object(Composer, "fixed", lambda self: fixed):
        assert fingerprint_of(composer) == now


def test_a_beta_varies_inside_one_cohort(hydra):
    composer = Composer(["optimizer=adam", "+space.optimizer.beta1=interval(0.5, 0.99)"])
    low, high = (composer.parts({"optimizer.beta1": beta})["optimizer"] for beta in (0.5, 0.9))
    assert (low.beta1, high.beta1, low.beta2) == (0.5, 0.9, 0.999)
    assert structure(low) == structure(high)


def test_a_report_at_home_is_written_there(hydra, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Composer(["report=~/page one.html"]).launch.report == tmp_path / "page one.html"


def test_a_study_of_any_name_and_with_other_names_in_it_is_kept_by_the_names_here(tmp_path, monkeypatch):
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "größe.yaml").write_text(
        "defaults: [{override /model: MLP}, {override /task: line}, {override /residual: off}]\n"
        "space: {activation: 'choice(Tanh, ReLU)', init: 'choice(he, glorot)', normalization: 'choice(off, LayerNorm)'}\n"
    )
    monkeypatch.chdir(tmp_path)
    GlobalHydra.instance().clear()
    with hydra_ready():
        composer = Composer(["+study=größe"])
        plain = Composer(
            ["+study=größe", "model=mlp", *(f"space.{f.name}=choice({','.join(f.levels)})" for f in FACTORS)]
        )
        assert composer.factors == plain.factors == FACTORS
        assert composer.choices["model"] == "mlp"
        assert fingerprint_of(composer) == fingerprint_of(plain)
        trial = composer.trial(0, {"activation": "relu", "init": "kaiming_normal", "normalization": "none"})
        assert {"model=mlp", "activation=relu", "init=kaiming_normal", "normalization=none"} <= set(trial.overrides)


def test_a_persons_own_option_is_never_taken_for_another(tmp_path):
    (tmp_path / "activation").mkdir()
    (tmp_path / "activation" / "swish.yaml").write_text("_target_: gradstudy.factors.activation.Relu\n")
    GlobalHydra.instance().clear()
    with hydra_ready():
        composer = Composer([f"hydra.searchpath=[file://{tmp_path}]", "activation=swish"])
        assert composer.choices["activation"] == "swish"
        assert isinstance(composer.parts({})["activation"], Relu)


def test_a_persons_own_group_is_chosen_also_where_other_libraries_call_something_so(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "fast.yaml").write_text("# @package _global_\nbudget: {steps: 7}\n")
    GlobalHydra.instance().clear()
    with hydra_ready():
        composer = Composer([f"hydra.searchpath=[file://{tmp_path}]", "+experiment=fast"])
    assert composer.launch.budget.steps == 7
