"""MLflow's pages for the tests that look at them: a server, a visitor who counts what goes wrong, and a large study."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import expect

from gradstudy.tracking.store import Mlflow
from gradstudy.tracking.writer import StudyWriter
from support.made_trials import make_info, make_result, make_shown

AS_A_MODELLER = """
if (window === window.top) {
    localStorage.setItem("mlflow.workflowType_v1", '"machine_learning"')
    localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true")
}"""
"""MLflow otherwise opens as a tool for chat programs, with an assistant that covers a third of the page."""

PATIENCE = 60_000
"""Milliseconds: MLflow's pages are slow where several tests share the machine."""

expect.set_options(timeout=PATIENCE)


class Visitor:
    """Opens MLflow's pages, and counts what goes wrong on them."""

    def __init__(self, browser, address):
        context = browser.new_context(viewport={"width": 1440, "height": 1000})
        context.add_init_script(AS_A_MODELLER)
        self.page, self._address = context.new_page(), address
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)
        self.page.set_default_timeout(PATIENCE)

    def open(self, path):
        self.page.goto(f"{self._address}/#/{path}")
        return self.page

    def _heard(self, message):
        if message.type == "error" and not message.location["url"].endswith("/users/current"):  # a server without users
            self.errors.append(message.text)


def store_many(database, count):
    """A study of so many trials: ten that were stored, and copies of their rows, since each takes 40 ms to store."""
    with StudyWriter(
        Mlflow(f"sqlite:///{database}"), make_info("many"), database.parent / "many", make_shown
    ) as writer:
        for number in range(10):
            writer.write(make_result(number, steps=1))
    with closing(sqlite3.connect(database)) as tables, tables:
        for table in ("runs", "metrics", "latest_metrics", "params", "tags"):
            copy_rows(tables, table, range(1, count // 10))


def copy_rows(tables, table, copies):
    """Every row of a trial of the study `many` once more per number, under a run's identity of its own."""
    columns = [f'"{column[1]}"' for column in tables.execute(f"pragma table_info({table})")]
    values = ["substr(run_uuid, 1, 27) || ?" if column == '"run_uuid"' else column for column in columns]
    chosen = "select run_uuid from tags where key = 'study' and value = 'many' and length(run_uuid) = 32"
    children = f"run_uuid in ({chosen}) and run_uuid in (select run_uuid from tags where key = 'trial')"
    for number in copies:
        tables.execute(
            f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} from {table} where {children}",
            [f"-{number:03d}"],
        )


@contextmanager
def serving(store):
    """The address of MLflow's pages for this store."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    where = ["--backend-store-uri", store, "--port", address.partition(":")[2], "--workers", "1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # else a dozen processes wait for work
    server = subprocess.Popen([sys.executable, "-m", "mlflow", "ui", *where], env=environment, **quiet)
    try:
        wait_for(f"http://{address}/", server)
        yield f"http://{address}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def wait_for(address, server):
    deadline = time.monotonic() + 120
    while True:
        assert server.poll() is None
        assert time.monotonic() < deadline
        try:
            urlopen(address).close()
            return
        except URLError:
            time.sleep(0.2)
