"""Claim: a study gives the same now as at an earlier commit, in every number, every word and every picture.

Small studies run at that commit and in this checkout, as it lies here; then this checkout reads what the earlier one
stored, and goes on with it. Prints a line per comparison, and ends with 1 if anything differs. What is only there now,
such as a new column, is listed and is no difference. Some four minutes of one core.

    python tests/same_as_before.py [COMMIT] [--studies screen hunt]
"""

import argparse
import hashlib
import io
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import tarfile
import traceback
from contextlib import redirect_stdout
from dataclasses import fields, is_dataclass
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent

import pandas as pd
from mlflow import MlflowClient

import gradstudy

BEFORE = "c4a2642"
ROOT = Path(__file__).resolve().parent.parent
RNN = "+study=rnn_clip budget.seeds=2 budget.steps=12 model.width=8 task.length=10 execution=inline"
STUDIES = {
    "screen": f"{RNN} budget.trials=24",
    "diverging": "+study=big_init_clip task=digits budget.trials=24 budget.seeds=2 budget.steps=10 "
    "space.lr.value='tag(log,interval(1e-3,10))' execution.workers=1",
    "hunt": f"{RNN} budget.trials=16 search=tpe search.objective=exploding search.pruner=median search.batch=8",
    "staged": f"{RNN} budget.trials=24 search=screen_then_hunt search.batch=6 analysis.responses=[exploding]",
}
ALL = "analysis.responses=[vanishing,exploding,gain,gain_init,rate,clipped,learned]"
READ_WITH = {"screen": [ALL], "diverging": ["analysis.vanishing=2"]}
"""Settings that a stored study is read with: every ranking, and verdicts and responses that are measured again."""
TRIAL = 3
"""Which trial is looked at alone?"""
AFRESH = ("measure and diagnose", "mode=plan", "mode=trial")
"""What does not look at the store."""

MASKS = {
    r"\b[0-9a-f]{32}\b": "RUN",
    r"\b\d+:\d\d:\d\d\b": "TIME",
    r"\b[\d.]+ members/s": "SPEED",
    r"\babout [\d.]+ (s|min|h|days)\b": "about TIME",
    r"\babout [\d.]+ (MB|GB) for\b": "about MEMORY for",
    r"[\d.]+ % (of the training time|for looks inside)": r"SHARE \1",
}
"""What differs from run to run, beside the working folder: MLflow's names of runs, measured time and memory."""

MOST_LINES, MOST_VALUES, MOST_SHOWN, WIDEST = 40, 5, 3, 200


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", nargs="?", default=BEFORE)
    parser.add_argument("--studies", nargs="+", default=list(STUDIES), choices=STUDIES)
    parser.add_argument("--collect", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.collect:
        return collect(*given.collect, given.studies)
    with TemporaryDirectory() as folder:
        return compare(given.commit, given.studies, Path(folder))


def compare(commit, studies, folder):
    """Runs both versions and sets side by side what they found. Returns 1 if anything differs, else 0."""
    packed = subprocess.run(["git", "-C", ROOT, "archive", commit], stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as files_then:
        files_then.extractall(folder / "checkout", filter="data")
    old, new = folder / "old", folder / "new"  # equally long, since lines are folded
    before = found_by(folder / "checkout", studies, old)
    written, now = trial_files(old), found_by(ROOT, studies, new)
    read = found_by(ROOT, studies, old)
    same = [
        told(f"{study}, {side}, {part}", differences(before[study].get(part, {}), found[study].get(part, {})))
        for study in studies
        for side, found in (("run now", now), ("stored before, read now", read))
        for part in {**before[study], **found[study]}
        if found is now or part not in AFRESH
    ]
    same.append(told("stored before, gone on with now, files of trials", differences(written, trial_files(old))))
    print(f"{same.count(False)} of {len(same)} comparisons with {commit} differ")
    return int(not all(same))


def found_by(checkout, studies, work):
    """What does this version find in this working folder? In a process of its own, which imports that checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "COLUMNS": "80"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    into = work.with_suffix(".json")
    command = [sys.executable, "-P", __file__, "--collect", work, into, "--studies", *studies]
    subprocess.run(command, env=environment, check=True)
    return json.loads(into.read_text())


def trial_files(work):
    """Which trials are stored, and when were they written? As text, in which one more is a difference too."""
    files = sorted(work.glob("mlruns/*/*/artifacts/trial_*.parquet"))
    return "\n".join(f"{path.relative_to(work)} {path.stat().st_mtime_ns}" for path in files)


def collect(work, into, studies):
    """Runs the studies, unless this folder has them already, and writes down all that can be seen of them."""
    if not gradstudy.__file__.startswith(os.environ["PYTHONPATH"]):
        raise ImportError(f"gradstudy came from {gradstudy.__file__}, not from {os.environ['PYTHONPATH']}")
    is_new = not work.exists()
    work.mkdir(exist_ok=True)
    os.chdir(work)
    found = {}
    for study in studies:
        arguments = [*shlex.split(STUDIES[study]), f"name={study}"]
        if is_new:
            terminal(arguments)
        chosen = {part: look for part, look in looks(study, arguments).items() if is_new or part not in AFRESH}
        found[study] = {part: seen(look) for part, look in chosen.items()}
    text = json.dumps(found, default=lambda number: number.item()).replace(str(work), "WORK")  # NumPy's as Python's
    for pattern, mask in MASKS.items():
        text = re.sub(pattern, mask, text)
    into.write_text(text)


def looks(study, arguments):
    """What can be looked at of a stored study, and how? The last ones come after it was gone on with."""
    run = gradstudy.load_study(study, READ_WITH.get(study, []))
    responses = (*run.settings.responses, "time_to_divergence")
    return {
        "members": lambda: run.members,
        "trials": lambda: run.trials,
        "gradients": lambda: run.gradients(trial=[TRIAL, TRIAL + 1], seed=0, quantity=["signal", "loss"]),
        **{f"ranking of {response}": lambda response=response: run.rank(response) for response in responses},
        "prescriptions": lambda: {one.trial: one for one in run.prescribe()},
        "prescription of one": lambda: run.prescribe(TRIAL),
        "theory": run.theory,
        "best": run.best,
        "commands": lambda: {trial: [*run.overrides(trial), run.command(trial)] for trial in run.trials["trial"]},
        "measure and diagnose": lambda: measured(run.overrides(TRIAL)),
        "write_report": lambda: gradstudy.write_report(run, "mine.html").read_text(),
        "mode=report": lambda: terminal([*arguments, "mode=report"]),
        "mode=plan": lambda: terminal([*arguments, "mode=plan"]),
        "mode=trial": lambda: terminal(shlex.split(run.command(TRIAL))[3:]),
        "mode=run again": lambda: terminal(arguments),
        "fingerprint": lambda: sorted(path.name for path in Path(".gradstudy").glob(f"{study}-*")),
        "records": lambda: records(study),
        "entries in MLflow": lambda: entries(study),
        "files in MLflow": lambda: files(study),
    }


def seen(look):
    """What comes of a look, or why nothing does. A traceback names the checkout, so that it is never the same."""
    try:
        return plain(look())
    except gradstudy.InputError as refusal:
        return f"InputError: {refusal}"
    except Exception:
        return traceback.format_exc()


def terminal(arguments):
    """What does `python -m gradstudy` print?"""
    page, sys.argv = io.StringIO(), ["gradstudy", *arguments]
    with redirect_stdout(page):
        try:
            runpy.run_module("gradstudy", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            print(f"exit code {end.code}")
    return page.getvalue()


def measured(overrides):
    """One configuration trained by itself: its signal, and what is said of it."""
    measurement = gradstudy.measure(overrides)
    return {"flow": measurement.flow(), "diagnosis": gradstudy.diagnose(measurement)}


def runs_of(study):
    """What MLflow holds of a study and its trials: runs by name."""
    client = MlflowClient()
    experiment = client.get_experiment_by_name(study).experiment_id
    return {run.info.run_name: run for run in client.search_runs([experiment], max_results=1000)}


def records(study):
    """Every stored value, by trial and quantity."""
    folders = [Path(run.info.artifact_uri) for run in runs_of(study).values()]
    tables = {path.stem: pd.read_parquet(path) for folder in folders for path in folder.iterdir() if is_record(path)}
    return {trial: dict(iter(table.groupby("quantity", observed=True))) for trial, table in tables.items()}


def entries(study):
    """By run: tags (notes are among them), params, and metrics but for measured time, one of them at all steps."""
    found = {}
    for name, run in runs_of(study).items():
        metrics = {key: value for key, value in run.data.metrics.items() if not key.startswith("cost/")}
        losses = MlflowClient().get_metric_history(run.info.run_id, "loss/train")
        curve = [(loss.step, loss.value) for loss in losses]
        found[name] = {**run.data.tags, **run.data.params, **metrics, "curve of loss/train": curve}
    return found


def files(study):
    """By run: its page, tables and figures, but for the records of trials."""
    folders = {name: Path(run.info.artifact_uri) for name, run in runs_of(study).items()}
    return {
        name: {str(path.relative_to(folder)): content(path) for path in folder.rglob("*.*") if not is_record(path)}
        for name, folder in folders.items()
    }


def is_record(path):
    return path.match("trial_*.parquet")


def content(path):
    """A table as it is, a picture as a digest, and everything else as text."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest() if path.suffix == ".png" else path.read_text()


def plain(value):
    """The same as JSON takes it, with every bit of every number."""
    if isinstance(value, pd.DataFrame):
        columns = value.reset_index().items()
        return {str(name): {"type": str(column.dtype), "values": plain(column.tolist())} for name, column in columns}
    if is_dataclass(value):
        noted = ["note"] if hasattr(value, "note") else []  # a field before, a property now
        return {name: plain(getattr(value, name)) for name in [*(field.name for field in fields(value)), *noted]}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if value is pd.NA else value


def differences(before, now, where=()):
    """Where do they differ, and how? By the path of names; how is None for what is only there now."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in before:
            path = (*where, key)
            yield from differences(before[key], now[key], path) if key in now else [(path, "is no longer there")]
        yield from (((*where, key), None) for key in now if key not in before)
    elif json.dumps(before) != json.dumps(now):  # as text, NaN is equal to NaN, and every bit of a number counts
        yield where, "\n".join(change(before, now))


def change(before, now):
    """The first values of two lists that differ, or the first lines of two texts."""
    if isinstance(before, str) and isinstance(now, str):
        return list(unified_diff(pieces(before), pieces(now), lineterm="", n=0))[2:][:MOST_LINES]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = zip(map(json.dumps, before), map(json.dumps, now), strict=True)
        return [f"[{place}] {one} -> {other}" for place, (one, other) in enumerate(pairs) if one != other][:MOST_VALUES]
    return [f"{before} -> {now}"[:WIDEST]]


def pieces(text):
    return [line[at : at + WIDEST] for line in text.splitlines() for at in range(0, len(line), WIDEST)]


def told(comparison, found):
    """Prints what came of a comparison. Returns whether it is the same."""
    found = list(found)
    changes = [(where, how) for where, how in found if how is not None]
    new = ", ".join(dict.fromkeys(where[-1] for where, how in found if how is None))
    print(f"{comparison}: {'differs' if changes else 'same'}{new and f', new: {new}'}", flush=True)
    for where, how in changes[:MOST_SHOWN]:
        print(indent(f"{' / '.join(where)}\n{how}", "    "))
    if len(changes) > MOST_SHOWN:
        print(f"    and {len(changes) - MOST_SHOWN} more")
    return not changes


if __name__ == "__main__":
    sys.exit(main())
