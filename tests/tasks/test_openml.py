"""Data sets of OpenML, with a stand-in for the network."""

from urllib.error import HTTPError, URLError

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.utils import Bunch

from gradstudy.tasks import openml
from gradstudy.tasks.openml import OpenMl
from gradstudy.training.start.streams import numpy_stream

COUNT = 60


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """Makes OpenML answer so; the list that it returns fills with what was asked."""
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    openml._fetched.cache_clear()

    def prepare(answer):
        asked = []

        def fetch(**options):
            asked.append(options)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(datasets, "fetch_openml", fetch)
        return asked

    yield prepare
    openml._fetched.cache_clear()


def found(features, target=None):
    pixels = pd.DataFrame(np.random.default_rng(0).integers(256, size=(COUNT, features)))
    digits = pd.Series(np.resize(["7", "0", "3"], COUNT), dtype="category", name="class")
    return Bunch(data=pixels.add_prefix("pixel"), target=digits if target is None else target)


def test_a_data_set_is_asked_for_once_by_name_and_version(answers):
    asked = answers(found(16))
    task = OpenMl(name="mnist_784", version=2, standardize=False, batch_size=1000)
    inputs, labels = task.batch(numpy_stream(0, 0, "data"))
    assert asked == [{"name": "mnist_784", "version": 2, "as_frame": True, "parser": "auto"}]
    assert task.shape.inputs == (16,)
    assert task.shape.outputs == 3
    assert len(inputs) == COUNT * 4 / 5
    assert inputs.max() > 1
    assert set(labels) == {0, 1, 2}


def test_a_number_goes_before_the_name(answers):
    asked = answers(found(4))
    OpenMl(id=554)
    assert asked[0]["data_id"] == 554
    assert not {"name", "version"} & set(asked[0])


@pytest.mark.parametrize(("features", "shape"), [(16, (1, 4, 4)), (27, (3, 3, 3))])
def test_pixels_become_images_row_by_row_and_colour_by_colour(answers, features, shape):
    answers(found(features))
    flat, image = OpenMl(standardize=False, batch_size=1000), OpenMl(image=True, standardize=False, batch_size=1000)
    assert image.shape.inputs == shape
    (inputs, _), (images, _) = (task.batch(numpy_stream(0, 0, "data")) for task in (flat, image))
    np.testing.assert_array_equal(images, inputs.reshape(-1, *shape))


def test_features_that_are_no_square_are_no_image(answers):
    answers(found(15))
    with pytest.raises(ValueError, match="image needs the pixels of one square or of three, got 15 features"):
        OpenMl(image=True)


@pytest.mark.parametrize(
    "error", [URLError("Network is unreachable"), TimeoutError("timed out"), ConnectionError("reset")]
)
def test_without_a_network_it_says_where_it_looked_and_what_to_do(answers, error, tmp_path):
    answers(error)
    with pytest.raises(ValueError, match="name=mnist_784 version=1 is not in") as told:
        OpenMl()
    for hint in (str(tmp_path), "OpenML could not be reached", "connect once", "SCIKIT_LEARN_DATA", "task=digits"):
        assert hint in str(told.value)


def test_a_name_that_openml_does_not_know_is_told(answers):
    answers(ValueError("No active dataset nist found"))
    with pytest.raises(ValueError, match=r"name=nist version=1: No active dataset nist found; choose another"):
        OpenMl(name="nist")


def test_a_number_that_openml_does_not_know_is_no_question_of_the_network(answers):
    answers(HTTPError("https://openml.org", 412, "Precondition failed", {}, None))
    with pytest.raises(ValueError, match=r"id=99: OpenML answered .*412.*; choose another data set"):
        OpenMl(id=99)


def test_more_than_one_column_to_predict_is_told(answers):
    answers(found(4, target=pd.DataFrame({"a": range(COUNT), "b": range(COUNT)})))
    with pytest.raises(ValueError, match="does not say which one column is to be predicted"):
        OpenMl()


def test_a_failed_look_up_is_tried_again(answers):
    answers(URLError("down"))
    with pytest.raises(ValueError, match="could not be reached"):
        OpenMl()
    answers(found(9))
    assert OpenMl().shape.inputs == (9,)


def test_one_of_name_and_number_must_be_given():
    with pytest.raises(ValueError, match="name or id must say which data set"):
        OpenMl(name="")
