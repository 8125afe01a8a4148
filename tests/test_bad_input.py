"""Wrong input: exit code 2, one message that names the nearest right thing, no traceback, nothing written."""

import subprocess
import sys

import pytest
from support.command import in_process, in_shell

STUDY = "+study=rnn_clip"
SMALL = ["execution=inline", "budget.trials=8", "budget.seeds=1", "budget.steps=1", "task.length=8"]

CASES = {
    "a study that does not exist": (["+study=rnn_clp"], "Did you mean 'rnn_clip'"),
    "a study without its plus": (["study=rnn_clip"], "+study=NAME"),
    "a key that does not exist": ([STUDY, "lr.valeu=0.1"], "Did you mean 'lr.value'"),
    "a group that does not exist": ([STUDY, "activaton=relu"], "Did you mean 'activation'"),
    "an option that does not exist": ([STUDY, "activation=rellu"], "Did you mean 'relu'"),
    "a machinery key that does not exist": ([STUDY, "analysis.capp=3"], "Did you mean 'analysis.cap'"),
    "an added key that its part does not have": ([STUDY, "+model.widht=8"], "Did you mean 'width'"),
    "a quantity that does not exist": ([STUDY, "record=jacobain"], "Did you mean 'jacobian'"),
    "a quantity that this model cannot give": ([STUDY, "model=mlp", "record=cell_signal"], "always gives signal"),
    "time steps of a perceptron": ([STUDY, "model=mlp", "record=time_steps"], "on request jacobian"),
    "a quantity that one trial cannot give": ([STUDY, "+space.model=choice(rnn,lstm)", "record=cell_signal"], "model=rnn"),
    "a quantity that needs training": ([STUDY, "budget.steps=0", "record=update_ratio"], "0 steps"),
    "a comparison of samples in a batch of one": ([STUDY, "task.batch_size=1", "record=noise_scale"], "task.batch_size=2"),
    "several quantities without brackets": ([STUDY, "record=jacobian,noise_scale"], "record=[jacobian,noise_scale]"),
    "a quantity as a number": ([STUDY, "record=3"], "a list"),
    "a quantity as a mapping": ([STUDY, "record={jacobian: 1}"], "record=[jacobian,noise_scale]"),
    "a quantity as a key": ([STUDY, "record.jacobian=true"], "cannot be composed"),
    "a mode that does not exist": ([STUDY, "mode=plann"], "Did you mean 'plan'"),
    "a level that is no option": ([STUDY, "space.activation=choice(tanh,rellu)"], "Did you mean 'relu'"),
    "a factor that exists nowhere": ([STUDY, "+space.init.gian=interval(0.5,1)"], "Did you mean 'init.gain'"),
    "a group given a range": ([STUDY, "space.optimizer=interval(0,1)"], "choice("),
    "a removed factor that is not there": ([STUDY, "~space.optimiser"], "Did you mean 'optimizer'"),
    "grammar that does not close": ([STUDY, "space.activation=choice(tanh,relu"], "space.activation"),
    "grammar with an unknown function": ([STUDY, "space.init.gain=between(0.5,1)"], "space.init.gain"),
    "an interval upside down": ([STUDY, "space.init.gain=interval(1,0)"], "space.init.gain"),
    "an empty interval": ([STUDY, "space.init.gain=interval(1,1)"], "space.init.gain"),
    "a log range through zero": ([STUDY, "space.lr.value=tag(log, interval(0,1))"], "space.lr.value"),
    "a log range below zero": ([STUDY, "space.lr.value=tag(log, interval(-1,1))"], "space.lr.value"),
    "a single level": ([STUDY, "space.activation=tanh"], "space.activation"),
    "a level twice": ([STUDY, "space.activation=choice(tanh,tanh)"], "space.activation"),
    "a range that its part refuses": ([STUDY, "space.init.gain=interval(-2,-1)"], "init.gain must be at least 0"),
    "an empty space": ([STUDY, "space={}", *(f"~space.{f}" for f in ("activation", "init", "init.gain", "clipping", "clipping.max_norm", "clipping.max_value", "lr.value", "optimizer"))], "space is empty"),
    "no trials": ([STUDY, "budget.trials=0"], "budget.trials must be at least 1"),
    "negative trials": ([STUDY, "budget.trials=-4"], "budget.trials must be at least 1"),
    "trials in words": ([STUDY, "budget.trials=many"], "budget.trials must be a whole number"),
    "half a seed": ([STUDY, "budget.seeds=1.5"], "budget.seeds must be a whole number"),
    "a number of cures below none": ([STUDY, "confirm.cures=-1"], "confirm.cures must be at least 0"),
    "a cure on one seed": ([STUDY, "confirm.seeds=1"], "confirm.seeds must be at least 2"),
    "a key of confirm that does not exist": ([STUDY, "+confirm.cure=3"], "Did you mean 'cures'"),
    "confirm in a word": ([STUDY, "confirm=yes"], "confirm must hold cures and seeds, got 'yes'"),
    "negative steps": ([STUDY, "budget.steps=-1"], "budget.steps must be at least 0"),
    "a budget key that does not exist": ([STUDY, "+budget.trails=3"], "Did you mean 'trials'"),
    "a name that leads out of the folder": ([STUDY, "name=../elsewhere"], "name must be usable"),
    "a group that is null": ([STUDY, "device=null"], "There are auto, cpu, cuda"),
    "a cap below its thresholds": ([STUDY, "analysis.cap=1"], "cap must not lie below"),
    "a store of an unknown kind in a plan": ([STUDY, "mode=plan", "tracking.uri=ftp://x"], "ftp"),
    "a seed in words": ([STUDY, "seed=lucky"], "seed must be a whole number"),
    "a trial of its own in words": (["mode=trial", "trial=seventh"], "trial must be a whole number"),
    "a trial below zero": (["mode=trial", "trial=-1"], "trial must be a whole number of at least 0"),
    "a trial's draws for a whole study": ([STUDY, "trial=7"], "mode=trial"),
    "a negative width": ([STUDY, "model.width=-3"], "model.width must be at least 1"),
    "a length in words": ([STUDY, "task.length=long"], "task.length must be a whole number"),
    "a report that is a folder": ([STUDY, "report=."], "Name one in it"),
    "a report in a folder that does not exist": ([STUDY, "report=there/report.html"], "Make it first"),
    "a report of a stored study that is a folder": ([STUDY, "mode=report", "report=."], "Name one in it"),
    "a report that is no path": ([STUDY, "report=[a,b]"], "path of a file"),
    "a search that does not exist": ([STUDY, "search=tpee"], "Did you mean 'tpe'"),
    "an objective that is no response": ([STUDY, "search=tpe", "search.objective=[vanshing]"], "Did you mean 'vanishing'"),
    "a goal that does not exist": ([STUDY, "search=tpe", "search.goal=healthy"], "Did you mean 'healthiest'"),
    "no trials in a batch": ([STUDY, "search=tpe", "search.batch=0"], "search.batch must be at least 1"),
    "a screen that should be pruned": ([STUDY, "search.pruner=median"], "search.pruner"),
    "a goal of a screen": ([STUDY, "search.goal=worst"], "search.goal"),
    "two objectives that should be pruned": ([STUDY, "search=tpe", "search.pruner=median"], "search.objective=vanishing"),
    "a pruner with one seed": ([STUDY, "search=tpe", "search.objective=vanishing", "search.pruner=median"], "budget.seeds of at least 2"),
    "a grid of a range": ([STUDY, "search=grid"], "init.gain has a range"),
    "a grid larger than its budget": ([STUDY, "search=grid", *(f"~space.{f}" for f in ("init.gain", "clipping.max_norm", "clipping.max_value", "lr.value"))], "budget.trials of at least"),
    "a screen and a hunt in one trial": ([STUDY, "search=screen_then_hunt", "budget.trials=1"], "budget.trials of at least 2"),
    "a screen that is all of the study": ([STUDY, "search=screen_then_hunt", "search.screen_share=1"], "search.screen_share must be below 1"),
    "a sampler that does not exist": ([STUDY, "search=screen_then_hunt", "search.hunt=tpee"], "Did you mean 'tpe'"),
    "a device that is not there": ([STUDY, "device=cuda"], "device.name=cpu"),
    "a device number that is not there": ([STUDY, "device.name=cuda:9"], "device.name=cpu"),
    "a device that does not exist": ([STUDY, "device.name=gpu"], "cuda"),
    "a precision that does not exist": ([STUDY, "device.dtype=float16"], "float32"),
    "a store below a file": ([STUDY, "tracking.uri=sqlite:///occupied/mlflow.db"], "occupied"),
    "a journal that cannot be opened": ([STUDY, "search.storage=postgresql+nonsense://here/db"], "search.storage"),
    "a report of what was never run": ([STUDY, "mode=report"], "rnn_clip"),
    "a trial with a wrong value": (["mode=trial", "init.gain=-1"], "init.gain must be at least 0"),
    "a response that does not exist": ([STUDY, "analysis.responses=[vanishing,explode]"], "Did you mean 'exploding'"),
    "a recurrent network without a sequence": (["mode=trial", "task=random_signal"], "use model=mlp"),
    "a convolution without an image": (["mode=trial", "model=cnn", "task=line"], "task=digits task.image=true"),
    "one output of a model that has one, where each step needs one": (["mode=trial", "model=mlp", "task=copy_memory"], "use model=rnn"),
    "a convolution's init for plain matrices": (["mode=trial", "model=mlp", "task=digits", "init=delta_orthogonal"], "model=cnn"),
    "an init that looks at data for a recurrent matrix": (["mode=trial", "init=lsuv"], "orthogonal"),
    "a skip over changing widths": (["mode=trial", "model=mlp", "model.width=[8,4]", "model.depth=2", "task=digits", "residual=additive"], "residual.projection=true"),
    "widths that do not match the depth": (["mode=trial", "model=mlp", "model.width=[8,4]", "task=digits"], "depth=2"),
    "an empty list of widths": (["mode=trial", "model=mlp", "model.width=[]", "task=digits"], "model.width must be"),
    "instances of what is no image": (["mode=trial", "normalization=instance"], "model=cnn"),
    "groups that do not divide": (["mode=trial", "normalization=group", "model.width=10"], "groups"),
    "pretraining without layers to pretrain": (["mode=trial", "pretraining=rbm"], "model=mlp"),
    "a recurrent layer that should start at zero": (["mode=trial", "model.depth=2", "residual=zero_init"], "residual=rezero"),
    "a key of another option": (["mode=trial", "model.forget_bias=1"], "model=lstm"),
    "a key that no level of its group has": ([STUDY, "activation.negative_slope=0.2"], "activation=leaky_relu"),
    "a key that no option of its group has": ([STUDY, "activation.slop=0.2"], "There is no key 'activation.slop'"),
    "a factor that the same command fixes": ([STUDY, "space.lr.value=interval(0.1,1)", "lr.value=0.1"], "take one of the two away"),
    "several options without -m": (["mode=trial", "activation=relu,tanh"], "space."),
    "a removed group": (["mode=trial", "~model"], "cannot be removed"),
    "a key whose study does not fit the task": (["+study=cnn_depth", "model=rnn", "task=adding"], "~task.image"),
    "one word where a list is wanted": ([STUDY, "analysis.responses=vanishing"], "a list of words"),
    "a word where widths are wanted": (["mode=trial", "model=mlp", "model.width=wide", "task=digits"], "a whole number or a list"),
    "a number without end": (["mode=trial", "lr.value=inf"], "lr.value must be finite"),
    "no number at all": (["mode=trial", "init.gain=nan"], "init.gain must be"),
    "an option of a part in the wrong word": (["mode=trial", "model=transformer", "model.order=pree"], "Did you mean 'pre'"),
    "a skip around nothing": (["mode=trial", "residual=additive"], "model.depth=2"),
    "a branch at zero under a spectral norm": (["mode=trial", "model=resnet", "model.kind=dense", "task=digits", "residual=fixup", "normalization=spectral"], "normalization=weight"),
    "a branch at zero before a norm": (["mode=trial", "model=resnet", "model.block=original", "task=digits", "task.image=true", "residual=zero_init", "normalization=batch"], "model.block=preactivation"),
    "a norm behind activations that stand apart": (["mode=trial", "model=resnet", "model.block=feedforward", "task=digits", "task.image=true", "normalization=batch", "normalization.after=true"], "model.block=preactivation"),
    "a gated cell with a norm behind its activation": (["mode=trial", "model=lstm", "normalization=layer", "normalization.after=true"], "model=rnn"),
    "pretraining of what starts at zero": (["mode=trial", "model=mlp", "task=digits", "residual=zero_init", "pretraining=rbm"], "residual=rezero"),
    "one mask over time where there is no time": (["mode=trial", "model=mlp", "task=digits", "regularization=variational_dropout"], "regularization=dropout"),
    "heads that do not divide": (["mode=trial", "model=transformer", "model.width=10"], "heads"),
    "a file that is not there": (["mode=trial", "model=mlp", "task=table", "task.path=nowhere.csv", "task.target=y"], "nowhere.csv"),
    "a file without a column to predict": (["mode=trial", "model=mlp", "task=table", "task.path=occupied"], "add task.target=..."),
    "levels that cannot meet in a study": (["+study=xavier_vs_kaiming", "space.init=choice(default,delta_orthogonal)"], "init=delta_orthogonal"),
    "a trial with a wrong option": (["mode=trial", "optimizer=adm"], "Did you mean 'adam'"),
}  # fmt: skip

STUDY_FILES = {
    "a key with a typo": ("question: Why?\nbudgett: {trials: 8}\nspace: {activation: 'choice(tanh,relu)'}\n", "Did you mean 'budget'"),
    "a budget with a typo": ("question: Why?\nbudget: {trails: 8}\nspace: {activation: 'choice(tanh,relu)'}\n", "Did you mean 'trials'"),
    "defaults that are no list": ("defaults: {model: rnn}\nspace: {activation: 'choice(tanh,relu)'}\n", "defaults must be a list"),
    "YAML that does not parse": ("question: [unclosed\n", "typo.yaml"),
    "a list instead of keys": ("- activation\n", "typo.yaml"),
    "an override of a group that does not exist": ("defaults: [{override /modle: rnn}]\nspace: {activation: 'choice(tanh,relu)'}\n", "modle"),
    "an option that does not exist": ("defaults: [{override /model: rn}]\nspace: {activation: 'choice(tanh,relu)'}\n", "Did you mean"),
    "a space that is a list": ("space: [activation]\n", "space must map"),
    "levels as a YAML list": ("space: {activation: [tanh, relu]}\n", "choice("),
}  # fmt: skip


SHELL = ("an interval upside down", "a device that is not there")
"""Cases that also go through a real shell's process; the others call the same door in this one, which saves its start."""


def assert_refused(run, arguments, folder, hint):
    (folder / "occupied").write_text("a file where a folder is wanted")
    before = sorted(folder.rglob("*"))
    done = run(arguments, folder)
    assert done.code == 2, done
    assert hint in done.message
    assert "Traceback" not in done.message
    assert len(done.message.strip().splitlines()) == 1, done.message
    assert not done.page
    assert sorted(folder.rglob("*")) == before


def small(arguments):
    """The case at the smallest size, so that a case that is not refused fails soon."""
    given = {argument.lstrip("+").partition("=")[0] for argument in arguments}
    extra = SMALL if STUDY in arguments else []
    return [*arguments, *(setting for setting in extra if setting.partition("=")[0] not in given)]


@pytest.mark.parametrize("case", CASES)
def test_wrong_input_is_refused_in_words(case, workplace):
    arguments, hint = CASES[case]
    assert_refused(in_process, small(arguments), workplace, hint)


@pytest.mark.parametrize("case", SHELL)
def test_a_shell_sees_the_same(case, workplace):
    arguments, hint = CASES[case]
    assert_refused(in_shell, small(arguments), workplace, hint)


def test_a_mode_that_does_not_exist_is_refused_before_what_others_need_is_imported(workplace):
    script = (
        "import sys\n"
        "from gradstudy.cli import main\n"
        "sys.argv[1:] = ['+study=rnn_clip', 'mode=list']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    print(end.code, *{'torch', 'optuna', 'mlflow', 'pandas'} & sys.modules.keys())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "2\n", done.stderr


def test_a_broken_study_under_config_dir_is_named(workplace):
    (workplace / "mine" / "study").mkdir(parents=True)
    (workplace / "mine" / "study" / "broken.yaml").write_text("question: [unclosed\n")
    assert_refused(in_process, ["--config-dir", "mine", "+study=broken"], workplace, "broken.yaml")


@pytest.mark.parametrize("case", STUDY_FILES)
def test_a_study_file_with_a_mistake_is_refused_in_words(case, workplace):
    text, hint = STUDY_FILES[case]
    (workplace / "studies").mkdir()
    (workplace / "studies" / "typo.yaml").write_text(text)
    assert_refused(in_process, ["+study=typo"], workplace, hint)
