"""No text that leaves the program holds a secret, and everything else of it stays as it is."""

import time
from urllib.parse import quote

import pytest

from gradstudy import masking
from gradstudy.masking import masked, remember

SECRETS = ["s3cr3t.W0rd", "p@ss/w0rd", "p@s@s", "a:b@c/d?e#f", "50%off@now", "100%25", "it's", 'say"so"', "päss wörd"]


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(masking, "_known", set())


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("scheme", ["http", "https", "postgresql", "postgresql+psycopg2", "mysql"])
def test_the_password_of_a_url_is_masked_and_the_rest_is_not(scheme, secret):
    for written in {secret.replace(" ", "%20"), quote(secret, safe="")}:
        told = masked(f"at {scheme}://ann:{written}@db.example.org:5432/name?x=1 (down)")
        assert told == f"at {scheme}://ann:***@db.example.org:5432/name?x=1 (down)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://:pw12@host", "http://:***@host"),
        ("http://ann@example.org:pw12@host/", "http://ann@example.org:***@host/"),
        ("http://a:p1@h/ and http://b:p2@g/", "http://a:***@h/ and http://b:***@g/"),
        ("http://a:p1@h,http://b:p2@g", "http://a:***@h,http://b:***@g"),
        ("http://h/?token=abc&x=1&api_key=d&y=1", "http://h/?token=***&x=1&api_key=***&y=1"),
        ("postgresql://h/db?user=ann&password=p&q=1", "postgresql://h/db?user=ann&password=***&q=1"),
        ("host=h password=pw user=ann", "host=h password=*** user=ann"),
        ("host=h password='p w' user=ann", "host=h password='***' user=ann"),
        ("MLFLOW_TRACKING_TOKEN=abc PGPASSWORD=def x", "MLFLOW_TRACKING_TOKEN=*** PGPASSWORD=*** x"),
        ('{"password": "p", "user": "ann"}', '{"password": "***", "user": "ann"}'),
        ("Authorization: Basic YW5uOnNlY3JldA== sent", "Authorization: Basic *** sent"),
        ("pwd=a&b;c secret=x Token = y", "pwd=*** secret=*** Token = ***"),
    ],
)
def test_every_way_to_give_a_secret_is_known(text, told):
    assert masked(text) == told
    assert masked(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:5000/#/experiments/1",
        "postgresql://ann@host:5432/name",
        "sqlite:////a/b c.db?timeout=5",
        "write to ann@example.org: it is http://host:5000, or mail bob@example.org",
        "model=transformer task.length=10 tokens=3 the token is sent",
        "search.storage=postgresql://ann:${oc.env:PGPASSWORD}@host/db",
        "password=${oc.env:PW} token=$TOKEN",
    ],
)
def test_what_is_no_secret_is_left_alone(text):
    assert masked(text) == text


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_once_met_is_masked_wherever_it_is_cited(secret):
    address = f"postgresql://ann:{secret}@host/db"
    remember(address if secret == "päss wörd" else f"+study=x search.storage={address}")
    for cited in (secret, quote(secret, safe=""), repr(secret)[1:-1], quote(secret)):
        assert secret not in masked(f"no user ann with '{cited}'")
        assert masked(f"no user ann with <{cited}>, host") == "no user ann with <***>, host"


def test_parts_that_were_taken_for_a_host_or_a_port_are_masked_too():
    remember("postgresql://ann:horse@battery/staple@host/db")
    told = masked('could not translate host name "battery"; invalid port: \'staple@host\'; "horse"')
    assert told == 'could not translate host name "***"; invalid port: \'***@host\'; "***"'


def test_a_password_that_is_also_a_name_is_masked_in_its_place_only():
    address = "postgresql://mlflow:mlflow@db/mlflow"
    remember(address, "http://ann:studies@host/studies")
    assert (
        masked(f"{address}: no user mlflow in studies")
        == "postgresql://mlflow:***@db/mlflow: no user mlflow in studies"
    )


def test_a_secret_that_is_a_word_leaves_longer_words_in_peace():
    remember("http://ann:rank@host")
    assert masked("rank rankings 'rank' ranked_rank") == "*** rankings '***' ranked_***"


def test_the_environments_secrets_are_known(monkeypatch):
    for name, value in {
        "MLFLOW_TRACKING_URI": "http://ann:w0rd1@host",
        "MLFLOW_TRACKING_PASSWORD": "w0rd2",
        "MLFLOW_TRACKING_TOKEN": "w0rd3",
        "PGPASSWORD": "w0rd4",
    }.items():
        monkeypatch.setenv(name, value)
    assert masked("w0rd1, w0rd2, w0rd3 or w0rd4") == "***, ***, *** or ***"
    monkeypatch.delenv("PGPASSWORD")
    assert masked("w0rd4") == "w0rd4"


def test_masking_takes_no_longer_for_texts_made_to_take_long():
    for text in ("a" * 100_000, "a." * 50_000, "://" * 30_000, "a:" * 50_000, "http://a:" * 10_000, "'" * 50_000):
        start = time.perf_counter()
        masked(text)
        assert time.perf_counter() - start < 2
