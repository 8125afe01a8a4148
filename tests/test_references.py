"""What a launch is told in secret is named and not shown, and the named launch does the same."""

import os
from unittest.mock import patch

import pytest

from gradstudy import masking
from gradstudy.references import keep_secrets, referring

SECRETS = ["s3cr3t", "p@ss/w0rd", "a=b&c", "it's", "100%", "a,b", "mlflow"]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    monkeypatch.setattr(masking, "_known", set())
    with patch.dict(os.environ):
        yield


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("sign", ["", "+", "++"])
def test_an_override_names_a_variable_that_holds_what_it_held(secret, sign):
    address = f"postgresql://mlflow:{secret}@host/db?x=1"
    words = ["+study=rnn_clip", f"{sign}search.storage={address}", "seed=3"]
    named = ["+study=rnn_clip", f"{sign}search.storage=${{oc.env:GRADSTUDY_SEARCH_STORAGE}}", "seed=3"]
    assert referring(words) == named
    assert "GRADSTUDY_SEARCH_STORAGE" not in os.environ
    assert keep_secrets(words) == named
    assert os.environ["GRADSTUDY_SEARCH_STORAGE"] == address
    assert keep_secrets(named) == named


@pytest.mark.parametrize(
    ("word", "named", "held"),
    [
        ("task.token=abc", "task.token=${oc.env:GRADSTUDY_TASK_TOKEN}", "abc"),
        ("+task.api_key='a b'", "+task.api_key=${oc.env:GRADSTUDY_TASK_API_KEY}", "a b"),
        (
            "tracking={uri: http://a:b1@h, points: 9}",
            "tracking={uri: ${oc.env:GRADSTUDY_TRACKING}, points: 9}",
            "http://a:b1@h",
        ),
        ("tracking={uri: 'http://a:b1@h/x y'}", "tracking={uri: ${oc.env:GRADSTUDY_TRACKING}}", "http://a:b1@h/x y"),
    ],
)
def test_values_of_every_shape_are_named(word, named, held):
    assert keep_secrets([word]) == [named]
    assert held in os.environ.values()


@pytest.mark.parametrize(
    "word",
    [
        "tracking.uri=http://host:5000",
        "tracking.uri=${oc.env:MY_STORE}",
        "search.storage=postgresql://ann:${oc.env:PW}@host/db",
        "space.init.gain=interval(0.5,2)",
        "~space.optimizer",
        "--config-dir=studies",
        "",
        "=",
    ],
)
def test_words_without_a_secret_stay_as_they_are(word):
    assert keep_secrets([word]) == referring([word]) == [word]


def test_what_is_no_override_is_masked():
    assert referring(["--config-dir=http://a:b1@h", "http://a:b1@h"]) == [
        "--config-dir=http://a:***@h",
        "http://a:***@h",
    ]


def test_two_secrets_in_one_override_have_two_names():
    assert keep_secrets(["task={a: http://b:c1@h, d: 'pwd=x1'}"]) == [
        "task={a: ${oc.env:GRADSTUDY_TASK}, d: ${oc.env:GRADSTUDY_TASK_2}}"
    ]
