"""A person's YAML: plain data or one sentence, whatever is in the file, and in no time."""

import os
import socket
import time

import pytest

from gradstudy.configs.studies import find_studies
from gradstudy.configs.yaml_file import DEEPEST, LARGEST, MOST, read_yaml
from gradstudy.errors import InputError
from gradstudy.report.terminal.console import make_console
from gradstudy.report.terminal.study.study_list import study_list

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    "a billion laughs": (LAUGHS, f"more than {MOST:,} values"),
    "a long list": ("a: [" + "x," * 3 * MOST + "]", f"more than {MOST:,} values"),
    "a list that holds itself": ("a: &a [*a]", "inside of what it names"),
    "a mapping that holds itself": ("a: &a {b: [*a]}", "inside of what it names"),
    "brackets without end": ("a: " + "[" * 40_000, f"deeper than {DEEPEST}"),
    "brackets by the hundred": ("a: " + "[" * 500 + "]" * 500, f"deeper than {DEEPEST}"),
    "blocks by the hundred": ("\n".join(" " * depth + "a:" for depth in range(300)), f"deeper than {DEEPEST}"),
    "a large file": ("# " + "x" * LARGEST, "larger than"),
    "a key that is null": ("null: 1", "got None"),
    "a key that is a number": ("a: {3: 1}", "got 3 in a"),
    "a key that YAML takes for true": ("yes: 1", "put it into quotes"),
    "a key that is a list": ("? [a]\n: 1", "unhashable"),
    "a key of 5,000 letters": ("? " + "k" * 5000 + "\n: 1", "at most 200 letters"),
    "a key given twice": ("a: 1\na: 2", "a is given twice, in lines 1 and 2"),
    "a key given twice within": ("a: {b: 1}\nc:\n  d: 1\n  e: 2\n  d: 3", "d is given twice, in lines 3 and 5"),
    "a set": ("a: !!set {x}", "holds a set"),
    "bytes": ("a: !!binary aGVsbG8=", "holds a bytes"),
    "a path": ("a: !!python/object/apply:pathlib.Path [x]", "PosixPath"),
    "a call": ("a: !!python/object/apply:os.getcwd []", "constructor"),
    "a number of 5,000 digits": ("a: " + "9" * 5000, "digits"),
    "half a character": ('a: "\\ud800"', "nicode"),
    "a bell": ('a: "\\a"', "no text can hold"),
    "a zero byte": ("a: \0", "not allowed"),
    "a reference that does not end": ("a: ${", "no reference to a key"),
    "two documents": ("a: 1\n---\nb: 2", "single document"),
    "UTF-16": ("a: 1".encode("utf-16"), "UTF-16"),
    "Latin-1": ("a: größe".encode("latin-1"), "utf-8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_configuration_is_refused_at_once_and_in_one_line(case, tmp_path):
    content, hint = REFUSED[case]
    path = tmp_path / "study.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    begun = time.process_time()
    with pytest.raises(InputError) as refusal:
        read_yaml(path)
    assert time.process_time() - begun < 2
    assert hint in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_plain_data_is_read_as_a_configuration_reads_it(tmp_path):
    path = tmp_path / "study.yaml"
    text = "a: &a {x: 1e-3, y: '${b}'}\nb: [größe, null, true, 2020-01-01]\nc: {<<: *a}\nd: *a\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    one = {"x": 0.001, "y": "${b}"}
    assert read_yaml(path) == {"a": one, "b": ["größe", None, True, "2020-01-01"], "c": one, "d": one}
    path.write_text("")
    assert read_yaml(path) is None


def test_what_is_no_file_is_never_waited_for_and_stops_no_other_study(workplace):
    (folder := workplace / "studies").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "folder.yaml").mkdir()
    (folder / "gone.yaml").symlink_to("nowhere")
    (folder / "device.yaml").symlink_to("/dev/zero")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "broken.yaml").write_text("a: [")
    (folder / "good.yaml").write_text("question: Why?\n")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("studies/socket.yaml")
        found = {name: study for name, study in find_studies().items() if study.origin == "studies/"}
    assert [name for name, study in found.items() if study.error is None] == ["good"]
    assert len(found) == 8
    with make_console().capture() as page:
        make_console().print(study_list([*found.values()]))
    assert not page.get()
