"""Inputs that no one should type, and some do: a table by kind, and a seeded fuzzer that makes more of them."""

import random
from collections.abc import Callable, Iterator
from itertools import product

from support.door import Input

PLAN = ("mode=plan", "execution=inline", "budget.trials=4", "budget.seeds=1", "budget.steps=1")
TRIAL = ("mode=trial", "budget.seeds=1", "budget.steps=0")
SMALL = ("+study=rnn_clip", *PLAN, "task.length=8")
ROOMY = "question: Why?\nspace: {{activation: 'choice(tanh,relu)'}}\n{}\n"

NUMBERS = ("budget.trials", "budget.seeds", "budget.steps", "model.width", "model.depth", "task.length",
    "task.batch_size", "lr.value", "init.gain", "seed", "confirm.seeds", "analysis.draws", "tracking.points")  # fmt: skip
VALUES = ("1e30", "10**9", "1000000000", "-1", "0.5", "nan", "inf", "-inf", "true", "null", "[]", "{}", "''", "'1'",
    "9" * 400, "1e400", "1_000", "0x10", "٣", "²", "1,2", "[1,2]", "{a: 1}", "${seed}", "${model.width}", "${oc.env:HOME}",
    "${nothing}", "???")  # fmt: skip
SWEEPS = (
    "int(interval(0,1e30))", "interval(1,1.0000000000000002)", "interval(-1e308,1e308)", "interval(nan,1)",
    "interval(1,inf)", "interval()", "interval(1)", "interval(1,2,3)", "interval(a,b)", "tag(log,interval(0,1))",
    "tag(log,interval(1e-320,1))", "tag(interval(0,1))", "tag(log)", "tag(a,b,interval(1,2))", "range(0,1e9)",
    "range(1,2,step=0)", "range(1,2,step=1e-12)", "range(10)", "range(0,1e400)", "choice()", "choice(1,a)", "choice(1,1)",
    "choice(null,1)", "choice([1],[2])", "choice({a:1},{b:2})", "choice(" * 500 + "a" + ")" * 500, "(" * 1000, ")" * 1000,
    "[" * 1000, "{" * 1000, "choice(" + ",".join(map(str, range(700))) + ")", "glob(*)", "sort(1,2)", "shuffle(choice(1,2))",
    "float(1)", "str(interval(1,2))", "json_str(1)", "extend_list(1)", "choice('${seed}','b')", "'", '"', "\\", "${",
    "${oc.env:HOME}", "choice(" + "9" * 400 + ",8)", "int(choice(1.5,2.5))", "bool(choice(0,1))", "cast(1)", "=", "==",
)  # fmt: skip
TARGETS = ("os.system", "shutil.copy", "numpy.savetxt", "pandas.read_pickle", "builtins.eval", "builtins.open", "x", "",
    "..", "a.b.c", "gradstudy", "gradstudy.cli.main", "gradstudy.layer_parts.Activation", "gradstudy.parts.Part",
    "gradstudy.factors.init.Normal", "gradstudy.factors.activation.nothing", "gradstudy.cli.os.system", "null", "[1]",
    "{a: 1}", "5", "subprocess.Popen", "torch.load", "mlflow.start_run", "hydra.main", "antigravity.x", "this.d")  # fmt: skip
GROUPS = ("activation", "model", "search", "execution")
YAMLS = {
    "an empty file": "", "a comment": "#\n", "null": "null", "a number": "5", "a list": "- a\n- b\n", "a word": "word",
    "null as key": "null: 1", "a number as key": "1: 1", "a date as key": "2020-01-01: 1", "true as key": "yes: 1",
    "a list as key": "? [a]\n: 1", "a mapping as key": "? {a: 1}\n: 1", "a set": "space: !!set {a}", "tabs": "a:\n\t- b",
    "bytes": "question: !!binary aGVsbG8=", "an object": "question: !!python/object:os.system {}", "two files": "a: 1\n---\nb: 2",
    "an apply": "question: !!python/object/apply:os.system [ls]", "a name": "question: !!python/name:os.system",
    "an unknown tag": "question: !mine x", "a tag": "%TAG ! tag:x,2000:\n---\na: !b c", "a directive": "%YAML 9.9\n---\na: 1",
    "a loop": "space: &a {b: *a}", "a loop in a list": "defaults: &a [*a]", "merged with itself": "space: &a {<<: *a}",
    "laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{n}: &{n} [{','.join([f'*{b}'] * 9)}]\n" for b, n in zip("abcdefgh", "bcdefghi", strict=True)),
    "deep lists": "space: " + "[" * 3000, "deep mappings": "{a: " * 500 + "}" * 500, "deep blocks": "\n".join(" " * d + "a:" for d in range(200)),
    "a long key": "k" * 5000 + ": 1", "a long word": "question: " + "why " * 5000, "a huge file": "# " + "x" * 3_000_000,
    "an unknown alias": "a: *b", "half a quote": "question: 'why", "a zero": "question: \0", "a bell": "question: \a",
    "half a character": 'question: "\\ud800"', "a right-to-left mark": "question: \u202ewhy", "an emoji": "question: 🧨",
    "defaults that are no list": "defaults: {model: mlp}", "defaults of nothing": "defaults: [null]", "defaults of numbers": "defaults: [1, 2]",
    "defaults of lists": "defaults: [[a]]", "defaults of itself": "defaults: [mine]", "defaults of its group": "defaults: [/study: mine]",
    "defaults overriding itself": "defaults: [override /study: mine]", "a missing default": "defaults: [nowhere]", "a missing group": "defaults: [/nowhere: x]",
    "an optional default": "defaults: [optional /nowhere: x]", "self": "defaults: [_self_, _self_]", "a package": "defaults: [/model@init: mlp]",
    "hydra": "hydra: {run: {dir: /}}", "hydra's logging": "defaults: [override /hydra/job_logging: default]", "allow": "allow: [os]",
    "the environment": "question: ${oc.env:HOME}", "decode": "question: ${oc.decode:a}", "now": "question: ${now:%Y}", "half a reference": "question: ${",
    "a reference to itself": "question: ${question}", "two that refer": "question: ${source}\nsource: ${question}", "a reference to nothing": "question: ${nothing}",
    "space as a word": "space: word", "space as a list": "space: [a]", "an empty space": "space: {}", "space of null": "space: {activation: null}",
    "space of a list": "space: {activation: [tanh, relu]}", "space of a mapping": "space: {activation: {a: b}}", "space of a number": "space: {activation: 5}",
    "a space of a thousand": "space: {" + ", ".join(f"a{n}: 'choice(1,2)'" for n in range(1000)) + "}", "budget as a number": "budget: 5",
    "budget as a list": "budget: [1]", "budget of null": "budget: null", "a budget that makes": "budget: {_target_: os.system}", "model as null": "model: null",
    "a model as a word": "model: mlp", "search as null": "search: null", "mode": "mode: run", "a mode": "mode: [a]", "a name of 300 letters": "name: " + "n" * 300,
    "a name with a path": "name: ../x", "a name that is a number": "name: 5", "a report outside": "report: ../x.html", "a report by root": "report: /x.html",
    "a report as a list": "report: [a]", "a record": "record: {a: 1}", "a trial": "trial: -1", "a seed": "seed: x", "a long seed": "seed: " + "9" * 400,
    "partial": "activation: {_partial_: true}", "args": "activation: {_args_: [1]}", "recursive": "activation: {_recursive_: 5}", "convert": "activation: {_convert_: x}",
    "an unknown key": "activatoin: relu", "carriage returns": "question: why\r\rspace: {}\r", "a form feed": "question: a\fb", "a next line": "question: a\u0085b",
}  # fmt: skip
RAW = {
    "UTF-16": "question: why".encode("utf-16"), "UTF-32": "question: why".encode("utf-32"), "Latin-1": b"question: gr\xf6\xdfe",
    "a mark": b"\xef\xbb\xbfquestion: why", "noise": bytes(range(256)), "zeros": bytes(1000), "gzip": b"\x1f\x8b\x08\x00" + bytes(50),
    "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00cos\nsystem\n(S'ls'\ntR.",
}  # fmt: skip
COMMANDS = (
    (), ("",), ("=",), ("+=",), ("~=",), ("~",), ("++",), ("==",), ("=x",), ("a",), ("a=",), ("a==b",), ("+study",), ("+study=",),
    ("+study=../x",), ("+study=/etc/passwd",), ("+study=nowhere",), ("+study=rnn_clip", "+study=gates"), ("study=rnn_clip",),
    ("+study=[a]",), ("+study={a: b}",), ("+study=null",), ("~study",), ("+study@x=rnn_clip",), ("--nothing",), ("-x",), ("-",), ("--",),
    ("--config-dir",), ("--config-dir", "nowhere"), ("--config-dir=nowhere", "+study=x"), ("--config-name=nowhere",), ("--config-path=/",),
    ("--experimental-rerun=x",), ("--exp", "x"), ("--cfg", "nothing"), ("--cfg", "job", "--resolve"), ("--cfg", "hydra"), ("--info", "x"),
    ("--info", "config"), ("--package", "x"), ("--hydra-help",), ("--help",), ("--version",), ("--shell-completion",), ("--run", "--multirun"),
    ("-m",), ("-m", "mode=plan"), ("-m", "seed=1,2"), ("seed=1,2",), ("hydra.run.dir=/x",), ("hydra.sweep.dir=/x", "-m", *SMALL),
    ("hydra.output_subdir=/x",), ("hydra/job_logging=default",), ("hydra/launcher=basic", *TRIAL), ("hydra.callbacks.a._target_=os.system",),
    ("hydra.searchpath=[pkg://this]", *TRIAL), ("hydra.searchpath=[file:///nowhere]", *TRIAL), ("hydra.mode=x", *TRIAL), ("hydra.verbose=x", *TRIAL),
    ("~hydra",), ("++hydra={}",), ("hydra.job.chdir=true", *TRIAL), ("mode=",), ("mode=x",), ("mode=[plan]",), ("mode={a: b}",), ("~mode",), ("mode=run",),
    ("mode=report",), ("mode=report", "+study=rnn_clip"), ("mode=report", "name=x"), ("name=x", "mode=plan"), ("name=..", "mode=plan"),
    ("question=" + "x" * 20_000, *SMALL), ("question=" + "x" * 3000, *SMALL), ("question=\a", *TRIAL), ("question=\udcff", *TRIAL), ("question='\udc80'",),
    ("name=" + "n" * 300, *SMALL), ("name='a/b'", *SMALL), ("name='.'", *SMALL), ("name='\n'", *SMALL), ("name=🧨", *SMALL), ("report=.", *TRIAL),
    ("report=/nowhere/x.html", *TRIAL), ("report=" + "r" * 300, *TRIAL), ("report=/dev/null", *TRIAL), ("report=[a]", *TRIAL), ("report=''", *TRIAL),
    ("record=[a]", *TRIAL), ("record=" + "a" * 3000, *TRIAL), ("record={a: b}", *TRIAL), ("record.a=1", *TRIAL), ("allow=[os]", "activation._target_=os.system", *TRIAL),
    ("allow=[]", *TRIAL), ("allow=[gradstudy]", *TRIAL), ("allow=/x", *TRIAL), ("allow={a: b}", *TRIAL), ("execution.workers=100000", "+study=rnn_clip", "mode=plan"),
    ("execution.workers=-1", "+study=rnn_clip", "mode=plan"), ("execution.cohort_size=1e30", *SMALL), ("device=cuda", *TRIAL), ("device.name=cuda:99", *TRIAL),
    ("device.name=tpu", *TRIAL), ("device.dtype=float16", *TRIAL), ("device=null", *TRIAL), ("tracking.uri=x://y", *SMALL), ("tracking.uri=sqlite://", *SMALL),
    ("tracking.uri=http://", *SMALL), ("tracking.uri=http://[::1", *SMALL), ("tracking.uri=file:///nowhere", *SMALL), ("tracking.uri=5", *SMALL), ("tracking=null", *SMALL),
    ("search.storage=x", *SMALL), ("search=tpe", "search.batch=1e30", *SMALL), ("search=grid", *SMALL), ("search=screen_then_hunt", "search.screen_share=2", *SMALL),
    ("~model", *TRIAL), ("~lr.value", *TRIAL), ("model=[mlp]", *TRIAL), ("model=mlp,rnn", *TRIAL), ("+model.nothing=1", *TRIAL), ("++model.nothing=1", *TRIAL),
    ("model.width=[]", "model=mlp", *TRIAL), ("model.width=[1,[2]]", "model=mlp", *TRIAL), ("model=mlp", "model.width=" + str([1] * 300).replace(" ", ""), *TRIAL),
    ("model=transformer", "task.length=100000", *TRIAL), ("model=cnn", *TRIAL), ("task=table", *TRIAL), ("task=table", "task.path=/dev/zero", "task.target=y", *TRIAL),
    ("task=table", "task.path=/etc", "task.target=y", *TRIAL), ("task=table", "task.path=nowhere.csv", "task.target=y", *TRIAL),
)  # fmt: skip
SETTINGS = (
    {"COLUMNS": "²"}, {"COLUMNS": "9" * 5000}, {"COLUMNS": "-1"}, {"COLUMNS": "0"}, {"LINES": "²"}, {"TERM": "x" * 1000}, {"TERM": None}, {"NO_COLOR": ""},
    {"FORCE_COLOR": "x"}, {"OMP_NUM_THREADS": "x"}, {"HOME": None}, {"HOME": "/nowhere"}, {"TMPDIR": "/nowhere"}, {"TMPDIR": None}, {"LANG": "C", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "x"}, {"MLFLOW_TRACKING_URI": "x://y"}, {"MLFLOW_TRACKING_URI": ""}, {"MLFLOW_HTTP_REQUEST_TIMEOUT": "x"}, {"HYDRA_FULL_ERROR": None},
    {"TZ": "x"}, {"USER": None, "LOGNAME": None},
)  # fmt: skip
TABLES = {
    "nothing": b"", "a head": b"a,b\n", "one row": b"a,y\n1,2\n", "text": b"a,y\n" + b"x,1\n" * 30, "quotes": b'a,y\n"1,2\n3,4\n', "noise": bytes(range(256)) * 20,
    "zeros": bytes(5000), "uneven rows": b"a,y\n1\n1,2,3\n" * 20, "a name twice": b"a,a,y\n" + b"1,2,3\n4,5,6\n" * 20, "no target": b"a,b\n" + b"1,2\n" * 20,
    "infinite": b"a,y\n" + b"inf,1\n2,0\n" * 20, "huge numbers": b"a,y\n" + b"1e308,1\n-1e308,0\n" * 20, "constant": b"a,y\n" + b"1,1\n" * 20,
    "nulls": b"a,y\n" + b",\n" * 20, "a pickle": b"\x80\x04cos\nsystem\n(S'ls'\ntR.", "Latin-1": b"gr\xf6\xdfe,y\n" + b"1,2\n3,4\n" * 20,
    "many columns": b",".join(b"c%d" % n for n in range(3000)) + b",y\n" + b",".join([b"1"] * 3001) + b"\n",
}  # fmt: skip


def made_by_hand() -> dict[str, Input]:
    """The table: what is tried, by what it is."""
    found = {}
    for index, (key, value) in enumerate(product(NUMBERS, VALUES)):
        if index % 3 == 0:  # every value meets every key of each kind somewhere
            found[f"{key}={value[:30]}"] = Input((*(SMALL if "trials" in key else TRIAL), f"{key}={value}"))
    for sweep in SWEEPS:
        found[f"init.gain: {sweep[:40]}"] = Input((*SMALL, f"space.init.gain={sweep}"))
    for group, target in product(GROUPS, TARGETS):
        found[f"{group} of {target}"] = Input((*TRIAL, f"{group}._target_={target}"))
    for name, text in YAMLS.items():
        found[f"a study: {name}"] = Input(("+study=mine", *PLAN), {"studies/mine.yaml": text})
        found[f"an option: {name}"] = Input(
            ("--config-dir=own", "activation=mine", *TRIAL), {"own/activation/mine.yaml": text}
        )
    for name, raw in RAW.items():
        found[f"a study: {name}"] = Input(("+study=mine", *PLAN), {"studies/mine.yaml": raw})
        found[f"the list beside {name}"] = Input((), {"studies/mine.yaml": raw})
    for words in COMMANDS:
        found[" ".join(words)[:60]] = Input(words)
    for setting in SETTINGS:
        found[f"{str(setting)[:60]}, the list"] = Input((), environment=setting)
        found[f"{str(setting)[:60]}, a plan"] = Input(SMALL, environment=setting)
    for name, raw in TABLES.items():
        words = (*TRIAL, "model=mlp", "model.depth=1", "task=table", "task.path=t.csv", "task.target=y")
        found[f"a table: {name}"] = Input(words, {"t.csv": raw})
    return found


STUDY = """defaults:
  - override /model: rnn
question: Does a gain keep a network from exploding?
space:
  init.gain: interval(0.5, 2.0)
  lr.value: tag(log, interval(1e-4, 1e-1))
budget: {trials: 4, seeds: 1, steps: 1}
"""
QUICK = ("name=mine", "+space.init.gain=interval(0.5,1)", *PLAN, "task.length=8")
CORPUS = (
    QUICK, (*QUICK, "+space.lr.value=tag(log,interval(0.1,1))"), (*QUICK, "search=tpe"), (*QUICK, "+space.activation=choice(tanh,relu)"), (*TRIAL, "model=mlp", "task=digits"),
    (*TRIAL, "activation=relu", "init.gain=2"), (*TRIAL, "optimizer=adam", "record=[jacobian]"), (*TRIAL, "model=lstm", "task.length=20"),
    (*TRIAL, "normalization=layer", "residual=none"), ("mode=report", "+study=rnn_clip"), (), ("--help",), ("--cfg", "job"),
)  # fmt: skip
BITS = ("=", "+", "~", ".", ",", ":", "'", '"', "(", ")", "[", "]", "{", "}", "$", "${", "\\", "/", " ", "\n", "\t", "\0"[:0], "é", "🧨", "\x1b",
    "\udcff", "-", "0", "9" * 30, "1e309", "nan", "null", "true", "_target_", "hydra", "???", "&a", "*a", "!!", "#", "@", "%")  # fmt: skip
ODD = (
    None,
    True,
    -1,
    0,
    1e308,
    float("nan"),
    "",
    "x" * 600,
    [],
    {},
    [[]],
    {"a": None},
    "${seed}",
    "choice(1,2)",
    "interval(0,1)",
    "os.system",
)
CELLS = (b",", b"\n", b'"', b"\xff", b"\0", b"nan", b"1e308", b"a", b"", b"-", b";", b"\t", b"2020-01-01")


def fuzzed(count: int, seed: int = 0) -> Iterator[tuple[int, Input]]:
    """So many inputs, each of them a valid one that was changed in a few places at random."""
    ways: tuple[Callable[[random.Random], Input], ...] = (
        _words,
        _words,
        _values,
        _text,
        _structure,
        _surroundings,
        _table,
    )
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        yield number, ways[number % len(ways)](chance)


def _changed(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        stop = min(len(text), start + chance.choice((0, 0, 1, 3, 20)))
        text = text[:start] + chance.choice((*BITS, text[start:stop] * 2, "")) + text[stop:]
    return text.replace("\0", "")


def _words(chance: random.Random) -> Input:
    words = list(chance.choice(CORPUS))
    for _ in range(chance.randint(1, 2)):
        place = chance.randrange(len(words) + 1)
        words[place : place + 1] = [_changed(words[place] if place < len(words) else "", chance)]
    return Input(_safe(words))


def _values(chance: random.Random) -> Input:
    words = list(chance.choice(CORPUS))
    key = chance.choice(
        (*NUMBERS, "activation", "model", "init", "clipping", "optimizer", "task", "search", "space.init.gain", "name")
    )
    value = chance.choice((*VALUES, *SWEEPS, *TARGETS))
    return Input(
        _safe(
            [
                *words,
                f"{chance.choice(('', '', '+', '++', '~'))}{key}={_changed(value, chance) if chance.random() < 0.3 else value}",
            ]
        )
    )


def _text(chance: random.Random) -> Input:
    return Input(("+study=mine", *PLAN), {"studies/mine.yaml": _changed(STUDY, chance)})


def _structure(chance: random.Random) -> Input:
    import yaml

    content = yaml.safe_load(STUDY)
    for _ in range(chance.randint(1, 3)):
        inside = chance.choice([content, *(one for one in content.values() if isinstance(one, dict))])
        key = chance.choice([*inside, *("model", "mode", "seed", "report", "device", "_target_", "x", 5, None)])
        inside[key] = chance.choice(ODD)
    return Input(("+study=mine", *PLAN), {"studies/mine.yaml": yaml.safe_dump(content)})


def _surroundings(chance: random.Random) -> Input:
    name = chance.choice(
        (
            "COLUMNS",
            "LINES",
            "TERM",
            "LANG",
            "LC_ALL",
            "HOME",
            "TMPDIR",
            "MLFLOW_TRACKING_URI",
            "NO_COLOR",
            "TZ",
            "USER",
        )
    )
    value = chance.choice((None, "", _changed("80", chance).encode("utf-8", "replace").decode()))
    return Input(chance.choice(((), QUICK, TRIAL)), environment={name: value})


def _table(chance: random.Random) -> Input:
    rows = [b"%d,%d,%s" % (n, n * n % 7, b"ab"[n % 2 : n % 2 + 1]) for n in range(40)]
    text = b"a,b,y\n" + b"\n".join(rows) + b"\n"
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice(CELLS) + text[place + chance.choice((0, 1, 3)) :]
    words = (*TRIAL, "model=mlp", "model.depth=1", "task=table", "task.path=t.csv", "task.target=y")
    return Input(words, {"t.csv": text})


def _safe(words: list[str]) -> tuple[str, ...]:
    """A run that a change of `mode` begins ends soon, and reaches no server."""
    runs = not any(word in ("mode=plan", "mode=trial", "mode=report") for word in words)
    return (*words, "mode=plan") if runs and words and not words[0].startswith("-") else tuple(words)
