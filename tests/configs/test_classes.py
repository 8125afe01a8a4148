"""A configuration runs no code: what a `_target_` names is judged before it is imported, and again before the call."""

import sys
from pathlib import Path

import pytest
from support.command import in_process

from gradstudy.configs.classes import held_class, part_class
from gradstudy.configs.command_line import check_command_line
from gradstudy.configs.instantiate import make_part
from gradstudy.configs.sources import check_option
from gradstudy.configs.studies import find_studies
from gradstudy.errors import InputError
from gradstudy.factors.activation import Relu

PART = """
from dataclasses import dataclass
from subprocess import Popen
from gradstudy.layer_parts import Activation
from gradstudy.parts import Part, unchecked
open("imported", "w").close()

@dataclass(frozen=True)
class Doubled(Activation):
    held: object = unchecked()
    def __call__(self, x):
        return x + x

@dataclass(frozen=True)
class Homeless(Part):
    pass

class Held:
    pass

def function():
    open("called", "w").close()
"""
TRIAL = ["mode=trial", "model=mlp", "task=digits", "model.depth=1", "budget.steps=0", "budget.seeds=1"]


@pytest.fixture
def mine(workplace, monkeypatch):
    """A package of a person's own beside the study, which leaves a file when it is imported."""
    (workplace / "mine.py").write_text(PART)
    monkeypatch.syspath_prepend(workplace)
    yield workplace
    sys.modules.pop("mine", None)


def activation(target, *, more=""):
    return f"activation: {{_target_: {target}{more}}}\nspace: {{init: 'choice(default,normal)'}}\n"


REFUSED = {
    "a pickle": (activation("pandas.read_pickle", more=", filepath_or_buffer: x.pkl"), "package pandas"),
    "a copy": (activation("shutil.copy", more=", src: mine.py, dst: copied"), "package shutil"),
    "a file of numbers": (activation("numpy.savetxt", more=", fname: out.txt, X: [1]"), "package numpy"),
    "a shell": (activation("os.system", more=", command: touch called"), "package os"),
    "what gradstudy imports": (activation("gradstudy.cli.os.system", more=", command: touch called"), "no option"),
    "a part of another group": (activation("gradstudy.factors.init.Normal"), "no option of activation"),
    "a class that is only begun": (activation("gradstudy.layer_parts.Activation"), "no option of activation"),
    "what is no part": (activation("gradstudy.tracking.spool.Spool", more=", folder: made"), "no option"),
    "a package that the file allows": (activation("mine.Doubled") + "allow: [mine]\n", "allow belongs on the command"),
    "a package that nobody allows": (activation("mine.Doubled"), "allow=[mine]"),
    "a name that is none": (activation("'../mine'"), "whole name of a class"),
    "a target that is a list": (activation("[os.system]"), "whole name of a class"),
    "arguments by their place": (activation("gradstudy.factors.activation.Relu", more=", _args_: [1]"), "_args_"),
    "a function half called": (activation("gradstudy.factors.activation.Relu", more=", _partial_: true"), "_partial_"),
    "a depth of making": (activation("gradstudy.factors.activation.Relu", more=", _recursive_: 5"), "_recursive_"),
    "a target within": (
        activation("gradstudy.factors.activation.LeakyRelu", more=", negative_slope: {_target_: os.getpid}"),
        "must be a number",
    ),
    "a search": ("search: {_target_: os.system}\nspace: {init: 'choice(default,normal)'}\n", "package os"),
    "logging": ("hydra: {job_logging: {version: 1}}\n", "hydra belongs on the command line"),
    "a callback": ("hydra: {callbacks: {mine: {_target_: os.system}}}\n", "hydra belongs on the command line"),
    "a folder of Hydra's": ("hydra: {run: {dir: elsewhere}}\n", "hydra belongs on the command line"),
    "Hydra's own groups": ("defaults: [override /hydra/job_logging: default]\n", "Hydra's"),
    "another place": ("defaults: [/model@hydra.callbacks: mlp]\n", "Hydra's"),
    "the environment": ("question: ${oc.env:HOME}\nspace: {init: 'choice(default,normal)'}\n", "oc.env"),
    "a resolver within a reference": ("question: ${${source}:HOME}\nsource: oc.env\n", "only the command line"),
    "an object of YAML's": ("question: !!python/object/apply:os.system [touch called]\n", "constructor"),
    "a report elsewhere": ("report: ../out.html\n", "file of the working folder"),
    "a report by its whole path": ("report: /out.html\n", "file of the working folder"),
}


def refusal_of(text):
    """What is said of this study by whoever reads its file, or then makes its parts."""
    Path("studies").mkdir()
    Path("studies", "evil.yaml").write_text(text)
    study = find_studies()["evil"]
    with pytest.raises(InputError) as refusal:
        check_readable_study(study)
    return str(refusal.value)


def check_readable_study(study):
    if study.error:
        raise InputError(study.error)
    for group, config in study.content.items():
        if group != "space":
            make_part(group, config)


@pytest.mark.parametrize("case", REFUSED)
def test_no_study_file_runs_code_or_reaches_outside(case, mine):
    text, hint = REFUSED[case]
    before = {*mine.rglob("*")}
    assert hint in (said := refusal_of(text))
    assert len(said.splitlines()) == 1
    assert {*mine.rglob("*")} - before == {mine / "studies", mine / "studies" / "evil.yaml"}, "not even imported"


@pytest.mark.parametrize("case", ["a pickle", "logging"])
def test_a_plan_of_such_a_study_is_refused(case, mine):
    text, hint = REFUSED[case]
    refusal_of(text)
    before = sorted(mine.rglob("*"))
    done = in_process(["+study=evil", "mode=plan", "execution=inline"], mine)
    assert (done.code, len(done.message.splitlines())) == (2, 1), done
    assert hint in done.message
    assert sorted(mine.rglob("*")) == before


@pytest.mark.parametrize(
    ("config", "allow", "hint"),
    [
        ({"_target_": "mine.function"}, ["mine"], "no part of the group activation"),
        ({"_target_": "mine.Homeless"}, ["mine"], 'class Homeless(Part, group="activation")'),
        ({"_target_": "mine.Popen"}, ["mine"], "package subprocess"),
        ({"_target_": "mine.nothing"}, ["mine"], "nothing to import"),
        ({"_target_": "minecraft.Doubled"}, ["mine"], "package minecraft"),
        ({"_target_": "mine.Doubled", "held": {"_target_": "mine.Popen"}}, ["mine"], "subprocess"),
        ({"_target_": "mine.Doubled", "held": [{"a": {"_target_": "mine.function"}}]}, ["mine"], "no class"),
        ({"_target_": "mine.Doubled", "held": {"_target_": "mine.Held", "_args_": [1]}}, ["mine"], "_args_"),
        ({"_target_": "mine.Doubled", "held": {"_target_": "mine.Held", "a": 1}}, ["mine"], "activation.held: "),
    ],
    ids=str,
)
def test_of_an_allowed_package_only_parts_are_made_and_held_only_classes(config, allow, hint, mine):
    with pytest.raises(InputError) as refusal:
        make_part("activation", config, allow)
    assert hint in str(refusal.value)
    left = {
        path.name for path in mine.rglob("*") if "__pycache__" not in path.parts
    }  # where Python keeps what it reads
    assert left - {"mine.py"} <= {"imported"}


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["hydra.run.dir=elsewhere"], "Hydra's own settings"),
        (["hydra/job_logging=default"], "Hydra's own settings"),
        (["++hydra={run: {dir: elsewhere}}"], "Hydra's own settings"),
        (["~hydra.run"], "Hydra's own settings"),
        (["hydra.callbacks.mine._target_=mine.function"], "Hydra's own settings"),
        (["hydra.searchpath=[pkg://mine]"], "no package"),
        (["+={hydra: {run: {dir: elsewhere}}}"], "key=value"),
        (["+model@hydra.callbacks=mlp"], "names no package"),
        (["--experimental-rerun=x.pickle"], "pickle"),
        (["--exp", "x.pickle"], "pickle"),
        (["question=\udcff"], "UTF-8"),
        (["question=\a"], "control characters"),
        (["question=" + "why" * 2000], "4,000 letters"),
    ],
    ids=lambda value: ascii(value[0])[:40] if isinstance(value, list) else "",
)
def test_a_command_reaches_for_nothing_of_hydras_and_can_be_stored(words, hint):
    with pytest.raises(InputError) as refusal:
        check_command_line(["mode=trial", *words])
    assert hint in str(refusal.value)


@pytest.mark.parametrize(
    "words", [["-m", "seed=1,2"], ["--config-dir", "mine"], ["--cfg", "job"], ["--help"], ["hydra.verbose=true"]]
)
def test_a_command_keeps_what_hydra_is_used_for(words):
    check_command_line(words)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["activation._target_=mine.Doubled"], "allow=[mine]"),
        (["activation._target_=os.system", "+activation.command=ls"], "package os"),
        (["+budget._target_=os.system"], "no key budget._target_"),
        (["hydra.run.dir=elsewhere"], "Hydra's own settings"),
        (["allow=[../mine]"], "allow must"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_no_override_runs_code_that_was_not_allowed(words, hint, mine):
    done = in_process([*TRIAL, *words], mine)
    assert (done.code, len(done.message.splitlines())) == (2, 1), done
    assert hint in done.message
    assert {path.name for path in mine.rglob("*")} == {"mine.py"}


def test_a_part_of_an_allowed_package_trains_with_what_it_holds(mine):
    part = "activation={_target_: mine.Doubled, held: {_target_: mine.Held}}"
    done = in_process([*TRIAL, part, "allow=[mine]"], mine)
    assert done.code == 0, done.message
    assert (mine / "imported").exists()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("activation/evil.yaml", "# @package _global_\nhydra: {run: {dir: elsewhere}}\n"),
        ("activation/evil.yaml", "# @package hydra.callbacks\nmine: {_target_: mine.function}\n"),
        ("activation/evil.yaml", "# @package _global_\nallow: [mine]\nactivation: {_target_: mine.Doubled}\n"),
        ("activation/evil.yaml", "defaults: [/hydra/job_logging: default]\n"),
        ("activation/evil.yaml", "- a list"),
        ("hydra/job_logging/none.yaml", "version: 1\nroot: {handlers: [x]}\n"),
        ("config.yaml", "hydra: {run: {dir: elsewhere}}\n"),
    ],
)
def test_no_option_of_a_persons_own_folder_is_what_hydra_runs(path, text, tmp_path):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    with pytest.raises(InputError, match=str(file)):
        check_option(file, path.removesuffix(".yaml"))


def test_an_option_is_judged_where_hydra_finds_it(mine):
    (mine / "own" / "activation").mkdir(parents=True)
    (mine / "own" / "activation" / "evil.yaml").write_text("# @package _global_\nhydra: {run: {dir: elsewhere}}\n")
    done = in_process(["--config-dir", "own", *TRIAL, "activation=evil"], mine)
    assert (done.code, "hydra belongs on the command line" in done.message) == (2, True), done


def test_gradstudys_own_parts_need_no_word_and_own_classes_stay_what_they_are():
    assert part_class("activation", "gradstudy.factors.activation.Relu") is Relu
    assert held_class("here", "pathlib.Path", ["pathlib"]) is Path
    with pytest.raises(InputError, match="no class to be held"):
        held_class("here", "gradstudy.tracking.spool.Spool", [])


def test_a_package_whose_name_begins_as_gradstudys_is_no_part_of_it(tmp_path, monkeypatch):
    (tmp_path / "gradstudy_extras.py").write_text("class Held: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert held_class("here", "gradstudy_extras.Held", ["gradstudy_extras"]).__name__ == "Held"
