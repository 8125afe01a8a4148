"""Files of tables as people have them, whatever wrote them, and those that are none."""

import bz2
import codecs
import gzip
import lzma
import zipfile
from itertools import product

import numpy as np
import pandas as pd
import pytest

from gradstudy.tasks.table import Table
from gradstudy.training.start.streams import numpy_stream

COUNT = 20
SIZE = np.round(np.random.default_rng(0).normal(5, 2, COUNT), 2)
KIND = np.resize(["für", "gegen"], COUNT)
FRAME = pd.DataFrame({"Größe": SIZE, "kind": KIND})
PLAIN = FRAME.to_csv(index=False)


def inputs_of(task):
    rows, streams = [], [numpy_stream(0, 0, name) for name in ("data", "held out")]
    for batch, _ in (task.batch(streams[0]), task.held_out(streams[1])):
        rows.append(batch)
    return np.sort(np.concatenate(rows), axis=0)


def zipped(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, PLAIN)


WRITERS = {
    "plain.csv": lambda path: path.write_text(PLAIN, "utf-8"),
    "semicolons.txt": lambda path: FRAME.to_csv(path, sep=";", decimal=",", index=False),
    "tabs.tsv": lambda path: FRAME.to_csv(path, sep="\t", index=False),
    "pipes.dat": lambda path: FRAME.to_csv(path, sep="|", index=False),
    "excel.csv": lambda path: path.write_bytes(codecs.BOM_UTF8 + PLAIN.replace("\n", "\r\n").encode()),
    "windows.csv": lambda path: path.write_bytes(PLAIN.encode("cp1252")),
    "unicode.txt": lambda path: path.write_bytes(PLAIN.replace(",", "\t").encode("utf-16")),
    "unmarked.txt": lambda path: path.write_bytes(PLAIN.encode("utf-16-le")),
    "old_mac.csv": lambda path: path.write_bytes(PLAIN.replace("\n", "\r").encode()),
    "packed.csv.gz": lambda path: path.write_bytes(gzip.compress(PLAIN.encode())),
    "packed.csv.bz2": lambda path: path.write_bytes(bz2.compress(PLAIN.encode())),
    "packed.csv.xz": lambda path: path.write_bytes(lzma.compress(PLAIN.encode())),
    "archive.zip": lambda path: zipped(path, "inside.csv"),
    "whole.parquet": FRAME.to_parquet,
    "whole.feather": FRAME.to_feather,
    "CAPITALS.CSV": lambda path: path.write_text(PLAIN, "utf-8"),
}


def test_a_mark_at_the_beginning_is_no_letter_of_the_first_name_where_the_encoding_is_said(tmp_path):
    WRITERS["excel.csv"](path := tmp_path / "excel.csv")
    Table(path=str(path), target="Größe", encoding="utf-8")


@pytest.mark.parametrize(
    ("key", "nothing"),
    [*product(["columns", "drop", "words", "order", "series"], [None, ""]), ("columns", []), ("drop", [])],
)
def test_a_key_that_names_no_column_asks_for_none(tmp_path, key, nothing):
    WRITERS["plain.csv"](path := tmp_path / "plain.csv")
    task = Table(path=str(path), target="kind", batch_size=COUNT)
    assert (
        inputs_of(Table(path=str(path), target="kind", batch_size=COUNT, **{key: nothing})) == inputs_of(task)
    ).all()


def test_without_a_target_the_columns_are_told(tmp_path):
    WRITERS["plain.csv"](path := tmp_path / "plain.csv")
    with pytest.raises(ValueError, match="target must be a column of the table, got none: it has Größe, kind"):
        Table(path=str(path), target=[])


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_table_is_read_from_every_kind_of_file(tmp_path, name):
    WRITERS[name](tmp_path / name)
    task = Table(path=str(tmp_path / name), target="kind", columns="Größe", standardize=False, batch_size=COUNT)
    np.testing.assert_allclose(inputs_of(task)[:, 0], np.sort(SIZE))
    assert "für: 50 %, gegen: 50 %" in task.about["target"]
    assert name in task.about["file"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("really.csv", b"PK\x03\x04abc", "it is a zip or Excel file, whatever its name says"),
        ("really.csv", b"PAR1abc", "it is a Parquet file"),
        ("page.csv", b"<html>", "it is HTML or XML"),
        ("garbage.csv", bytes(range(256)) * 9, "it is no text"),
        ("torn.csv.gz", gzip.compress(b"a,b\n" * 999, mtime=0)[:40], "it cannot be unpacked"),
        ("none.csv.gz", b"a,b\n1,2\n", "it cannot be unpacked"),
        ("header.csv", b"a,b\n", "it has a header and no rows"),
        ("table.xlsx", b"PK", "save the sheet as 'CSV UTF-8'"),
        ("table.pkl", b"\x80\x04", "a pickle runs code when it is read"),
        ("torn.parquet", b"PAR1", "it is no table"),
    ],
)
def test_what_is_no_table_is_told_with_what_it_is(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=told) as error:
        Table(path=str(tmp_path / name), target="a")
    assert "\n" not in str(error.value)


def test_an_archive_of_several_files_asks_which(tmp_path):
    zipped(tmp_path / "two.zip", "train.csv", "test.csv")
    with pytest.raises(ValueError, match=r"it holds 2 files \(train\.csv, test\.csv\): unpack the one that is meant"):
        Table(path=str(tmp_path / "two.zip"), target="a")


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match="which is none"):
        Table(path=str(tmp_path / "folder.csv"), target="a")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"encoding": "nonsense"}, "encoding must be one that Python knows"),
        ({"encoding": "ascii"}, "it is not encoded as ascii"),
        ({"separator": "colon"}, "separator must be one of auto, tab, semicolon, pipe, comma, space, got .colon"),
        ({"decimal": "dot"}, "decimal must be one of auto, point, comma"),
    ],
)
def test_a_wrong_way_of_writing_is_refused(tmp_path, options, told):
    (tmp_path / "plain.csv").write_text(PLAIN, "utf-8")
    with pytest.raises(ValueError, match=told):
        Table(path=str(tmp_path / "plain.csv"), target="kind", **options)


def test_how_it_is_written_can_be_said_in_words_or_as_the_signs_themselves(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("a;b\n" + "".join(f"1,{n % 10}00;{'xy'[n % 2]}\n" for n in range(20)))
    for decimal, largest in ((",", 1.9), ("point", 1900)):
        task = Table(path=str(path), target="b", separator=";", decimal=decimal, standardize=False, batch_size=COUNT)
        assert inputs_of(task).max() == largest


def test_a_table_without_a_header_says_so_where_a_column_is_missed(tmp_path):
    path = tmp_path / "iris.data"
    path.write_text("".join(f"{n / 7:.2f},{'ab'[n % 2]}\n" for n in range(20)))
    with pytest.raises(ValueError, match=r"it has column_1, column_2\. .*The file has no header; task\.header=true"):
        Table(path=str(path), target="species")
    assert "no header" in Table(path=str(path), target="column_2").about["file"]


def test_an_index_that_pandas_stored_in_parquet_is_a_column_again(tmp_path):
    series = pd.DataFrame({"y": SIZE, "x": SIZE[::-1]}, index=pd.date_range("2024-01-01", periods=COUNT, name="day"))
    series.to_parquet(tmp_path / "series.parquet")
    task = Table(path=str(tmp_path / "series.parquet"), target="y", window=2)
    assert "ordered by 'day'" in task.about["rows"]
