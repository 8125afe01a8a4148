"""A real PostgreSQL and a real MLflow server with basic authentication: no password of theirs is found afterwards."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
import requests
from support.command import command
from support.postgres import postgres_server

pytestmark = pytest.mark.slow

SECRET = "s3cr3t/W0rd@x"
WRITTEN = quote(SECRET, safe="")
SMALL = [
    *("name=small", "+space.activation=choice(tanh,relu)", "model=mlp", "task=line", "model.depth=2", "model.width=4"),
    *("budget.trials=8", "budget.seeds=1", "budget.steps=2", "report=page.html", "execution.workers=1"),
]


def tells(content: bytes) -> bool:
    return any(form.encode() in content for form in (SECRET, WRITTEN, quote(SECRET), "s3cr3t", "W0rd"))


@pytest.fixture(scope="module")
def postgres():
    """The server, and a folder with its socket."""
    with postgres_server() as (server, folder):
        server.psql(
            f"CREATE ROLE ann LOGIN SUPERUSER PASSWORD '{SECRET}'; CREATE DATABASE tracking; CREATE DATABASE search"
        )
        (folder / "pg_hba.conf").write_text("local all postgres trust\nlocal all ann scram-sha-256\n")
        server.psql("SELECT pg_reload_conf()")
        yield server, folder


@pytest.fixture(scope="module")
def authenticated(tmp_path_factory):
    """The port and the folder of an MLflow server that knows one user."""
    folder = tmp_path_factory.mktemp("server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "auth.ini").write_text(
        "[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///auth.db\nadmin_username = ann\n"
        f"admin_password = {SECRET}\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    own = {"MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"), "MLFLOW_FLASK_SERVER_SECRET_KEY": "any"}
    words = ["server", "--app-name", "basic-auth", "--port", str(port), "--backend-store-uri", "sqlite:///runs.db"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words], cwd=folder, env=os.environ | own, stdout=log, stderr=log
        )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if requests.get(f"http://127.0.0.1:{port}/health", timeout=1).ok:
                break
        except requests.RequestException:
            time.sleep(0.5)
    yield port, folder
    for process in [*psutil.Process(server.pid).children(recursive=True), server]:
        process.terminate()
    server.wait(30)


def launched(words, folder, environment, code=0):
    """What a command printed; no process that it starts is given the secret as an argument."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "GRADSTUDY_"))}
    process = subprocess.Popen(
        command(words), cwd=folder, env=clean | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    argv, trains = set(), bool(words) and "mode=" not in words[-1] and not code
    while process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                argv.add("\0".join(child.cmdline()))
            except psutil.Error:
                continue
        time.sleep(0.2)
    assert argv or not trains, "no worker was seen"
    with process:
        page = process.stdout.read()
    assert process.returncode == code, page.decode()
    assert not tells("".join(argv).encode())
    assert not tells(page), page.decode()
    return page.decode()


def every_mode(addresses, folder, environment):
    for words in (
        [*SMALL, *addresses],
        [*SMALL, *addresses, "budget.trials=12", "confirm.cures=0"],
        [*SMALL, *addresses, "mode=plan"],
        [*SMALL, *addresses, "mode=report"],
        [*SMALL, *addresses, "mode=trial"],
        [],
    ):
        launched(words, folder, environment)
    wrong = [word.replace(WRITTEN, f"{WRITTEN}x") for word in addresses]
    if wrong != addresses:
        code = 2 if "search.storage" in " ".join(addresses) else 3
        launched([*SMALL, *wrong, "name=other", "confirm.cures=0"], folder, environment, code=code)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if tells(path.read_bytes()) or tells(str(path).encode())]
    return files


def dumped(server, database):
    import pgserver

    dump = Path(pgserver.__file__).parent / "pginstall" / "bin" / "pg_dump"
    uri = server.get_uri(database)
    return subprocess.run([dump, "--inserts", uri], capture_output=True, check=True).stdout


def test_postgresql_as_both_stores(postgres, tmp_path):
    server, socket_folder = postgres
    address = f"postgresql://ann:{WRITTEN}@/{{}}?host={socket_folder}"
    stores = [f"tracking.uri={address.format('tracking')}", f"search.storage={address.format('search')}"]
    files = every_mode(stores, tmp_path, {})
    assert "page.html" in {path.name for path in files}
    for database, table in (("tracking", b"INSERT INTO public.runs"), ("search", b"INSERT INTO public.trials")):
        content = dumped(server, database)
        assert table in content
        assert not tells(content)


@pytest.mark.parametrize("way", ["address", "variable", "user and password"])
def test_a_server_with_basic_authentication(authenticated, tmp_path, way):
    port, folder = authenticated
    named = f"http://ann:{WRITTEN}@127.0.0.1:{port}"
    match way:
        case "address":
            files = every_mode([f"tracking.uri={named}", "name=first"], tmp_path, {})
        case "variable":
            files = every_mode(["name=second"], tmp_path, {"MLFLOW_TRACKING_URI": named})
        case _:
            plain = {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": SECRET}
            files = every_mode(["name=third"], tmp_path, {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}", **plain})
    assert "page.html" in {path.name for path in files}
    stored = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("auth.ini", "server.log")]
    assert any(path.name == "study.json" for path in stored)
    assert not [path for path in stored if tells(path.read_bytes())]
