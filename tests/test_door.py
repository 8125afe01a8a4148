"""Whatever is typed is answered: no traceback, no waiting, one sentence, and nothing outside of the working folder."""

import matplotlib as mpl
import pytest
from support.command import in_process
from support.door import Input, answer
from support.hostile import CORPUS, PLAN, SMALL, TRIAL, fuzzed, made_by_hand

import gradstudy.measurement
import gradstudy.study
from gradstudy.tracking.store import Mlflow, connect

BY_HAND = made_by_hand()
FEW = list(BY_HAND)[::80]
FUZZED, PORTION = 3000, 250


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """What every fork is given: files that are parsed, machine code, what launches are compared with composed, and what
    is found or made once per user.
    """
    folder = tmp_path_factory.mktemp("warm")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        mpl.get_configdir()
        connect(Mlflow("sqlite:///mlflow.db"))
        for kind in (["model=mlp", "task=digits"], ["model=rnn", "task=adding"], ["model=lstm", "task=adding"]):
            for rule in ("sgd", "adam", "rmsprop"):
                gradstudy.measurement.measure([*kind, f"optimizer={rule}", "budget.steps=1"], seeds=1)
        for words in (SMALL, ("+study=rnn_clip", "mode=plan"), *CORPUS):
            in_process(words, folder)


def test_the_table_has_its_size():
    assert len(BY_HAND) >= 400


@pytest.mark.parametrize("name", FEW)
def test_an_input_made_by_hand_is_answered(name, warm, tmp_path):
    assert not (found := answer(BY_HAND[name], tmp_path / "room")).faults, found


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BY_HAND if name not in FEW])
def test_every_input_made_by_hand_is_answered(name, warm, tmp_path):
    assert not (found := answer(BY_HAND[name], tmp_path / "room")).faults, found


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, FUZZED, PORTION))
def test_every_fuzzed_input_is_answered(first, warm, tmp_path):
    wrong = {}
    for number, given in list(fuzzed(first + PORTION))[first:]:
        if faults := answer(given, tmp_path / str(number)).faults:
            wrong[number] = (faults, given)
    assert not wrong


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (Input(("mode=trial", "x=1"), environment={"HYDRA_FULL_ERROR": "1"}), "a traceback"),
        (Input((*TRIAL, "report=../beside/out.html")), "it reached beside/out.html"),
    ],
)
def test_the_watch_sees_what_it_is_there_for(given, fault, warm, tmp_path):
    assert fault in answer(given, tmp_path / "room").faults


def test_a_valid_launch_is_answered_too(warm, tmp_path):
    for number, words in enumerate(((), SMALL, ("+study=gates", *PLAN))):
        assert answer(Input(words), tmp_path / str(number)).code == 0
