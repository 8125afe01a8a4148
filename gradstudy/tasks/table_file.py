"""A person's file as a table of columns, and how it was read, in words."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_float_dtype, is_numeric_dtype

from gradstudy.parts import word
from gradstudy.tasks.cell_numbers import COMMA, POINT, decimal_mark
from gradstudy.tasks.text_encoding import decoded
from gradstudy.tasks.text_layout import SEPARATORS, Layout, layout_of, one_line

TEXT = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data")
COLUMNAR: Mapping[str, Callable[[Path], pd.DataFrame]] = {
    **dict.fromkeys((".parquet", ".pq"), pd.read_parquet),
    **dict.fromkeys((".feather", ".arrow"), pd.read_feather),
}
DECIMALS = {"point": POINT, "comma": COMMA}
OTHERWISE = {
    **dict.fromkeys(
        (".xlsx", ".xls", ".xlsm", ".ods"), "save the sheet as 'CSV UTF-8' in the program that it was made with"
    ),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), "a pickle runs code when it is read, and is not"),
}
"""What to do with files of other kinds that people have."""
SIZE = 4 * 2**30
"""Bytes of text, unpacked: beyond it a file that is small when packed would fill the memory."""


@dataclass(frozen=True)
class Writing:
    """How a file of text is written; task=table says what each of it means."""

    separator: str = word("auto", *SEPARATORS)
    decimal: str = word("auto", "point", "comma")
    encoding: str = "auto"
    header: str = word("auto", "true", "false")


@dataclass(frozen=True, eq=False)
class TableFile:
    """The columns of a file by name, numbers that were written so as numbers; how it was read, in `words`.

    `decimal` is the mark that numbers in cells of text are to be read with. `header`: False where names were made up.
    `doubled` are names that several columns had.
    """

    frame: pd.DataFrame
    words: str
    decimal: str = POINT
    header: bool = True
    doubled: tuple[str, ...] = ()


def read_table(path: Path, writing: Writing, named: Collection[str]) -> TableFile:
    """What the file holds, where somebody asked for the `named` columns. ValueError where it is no table."""
    kind, packed = ending_of(path)
    if kind in COLUMNAR:
        try:
            found = COLUMNAR[kind](path)
        except Exception as error:  # pyarrow's own are no ValueErrors in all of its versions
            raise ValueError(f"it is no table: {_reason(error)}") from error
        return TableFile(_flat(found), f"{path.name}, {_size(path)}")
    text, used = decoded(_unpacked(path, packed), writing.encoding)
    layout = layout_of(text, writing.separator, writing.header, named)
    if not layout.body.strip():
        raise ValueError("it has a header and no rows" if layout.header else "it is empty")
    frame, mark = _parsed(layout, DECIMALS.get(writing.decimal, ""))
    return TableFile(
        frame, f"{path.name}, {_size(path)}: {_how(layout, mark, used)}", mark, bool(layout.header), layout.doubled
    )


def ending_of(path: Path) -> tuple[str, str]:
    """What a file's name ends in, and how it is packed: `data.csv.gz` is a .csv in a .gz. ValueError for others."""
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    packed = endings.pop() if endings and endings[-1] in UNPACK else ""
    kind = endings[-1] if endings else ""
    if packed == ".zip" and kind not in TEXT:
        kind = ".csv"  # Kaggle's archive.zip: what it holds is looked at when it is opened
    if kind not in TEXT and (packed or kind not in COLUMNAR):
        raise ValueError(OTHERWISE.get(kind, "what other programs write, pandas' to_parquet makes one of"))
    return kind, packed


def _unzipped(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        inside = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX")]
        if len(inside) != 1:
            names = ", ".join(one.filename for one in inside[:5])
            raise ValueError(f"it holds {len(inside)} files ({names}): unpack the one that is meant")
        if inside[0].file_size > SIZE:
            raise ValueError(TOO_LARGE)
        if Path(inside[0].filename).suffix.lower() not in TEXT:
            raise ValueError(f"it holds {inside[0].filename}, which is no table of text: unpack it")
        return archive.read(inside[0])


def _unpacking(module: Any) -> Callable[[bytes], bytes]:
    def unpack(content: bytes) -> bytes:
        with module.open(io.BytesIO(content)) as file:
            unpacked: bytes = file.read(SIZE + 1)
        if len(unpacked) > SIZE:
            raise ValueError(TOO_LARGE)
        return unpacked

    return unpack


TOO_LARGE = f"it is larger than {SIZE // 2**30} GiB when unpacked: take a part of its rows, or use Parquet"
UNPACK = {".gz": _unpacking(gzip), ".bz2": _unpacking(bz2), ".xz": _unpacking(lzma), ".zip": _unzipped}


def _unpacked(path: Path, packed: str) -> bytes:
    content = path.read_bytes()
    if not packed:
        return content
    try:
        return UNPACK[packed](content)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError) as error:
        raise ValueError(f"it cannot be unpacked: {_reason(error)}") from error


def _parsed(layout: Layout, mark: str) -> tuple[pd.DataFrame, str]:
    """The columns, and the decimal mark: a comma, where cells of text leave no doubt, is read a second time so."""
    frame = _frame(layout, mark or POINT)
    if mark:
        return frame, mark
    cells = [cell for name in frame if not is_numeric_dtype(frame[name]) for cell in _some(frame[name])]
    mark = decimal_mark(cells)
    if not mark and layout.separator == "semicolon" and not any(map(is_float_dtype, frame.dtypes)):
        mark = COMMA  # 1,234 between semicolons is written by those who write 1,5
    return (_frame(layout, COMMA), COMMA) if mark == COMMA else (frame, POINT)


def _some(column: pd.Series) -> list[str]:
    return [cell.strip() for cell in column.dropna().unique()[:1000] if isinstance(cell, str)]


def _frame(layout: Layout, mark: str) -> pd.DataFrame:
    try:
        return pd.read_csv(
            io.StringIO(layout.body),
            sep=r"\s+" if layout.separator == "space" else SEPARATORS[layout.separator],
            names=list(layout.names),
            header=None,
            index_col=False,
            decimal=mark,
            keep_default_na=False,  # which word stands for a missing value is told, and `-` may be none
            na_values=[""],
            skipinitialspace=True,
            low_memory=False,
        )
    except (ValueError, OverflowError) as error:
        raise ValueError(f"it is no table: {_reason(error)}") from error


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """With an index that somebody made as columns, and every name as one word."""
    if not isinstance(frame.index, pd.RangeIndex):
        index = [name if name is not None else "index" for name in frame.index.names]
        frame = frame.reset_index(names=[name if name not in frame else f"{name} (index)" for name in index])
    names = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns]
    return frame.set_axis(list(map(one_line, names)), axis=1)


def _how(layout: Layout, mark: str, encoding: str) -> str:
    told = [f"columns separated by {layout.separator}", *(["a decimal comma"] if mark == COMMA else []), encoding]
    if layout.header > 1 or not layout.header:
        told.append(f"header in line {layout.header}" if layout.header else "no header, its first row is data")
    if layout.skipped:
        told.append(f"{layout.skipped} {'line that is no row' if layout.skipped == 1 else 'lines that are no rows'}")
    if layout.doubled:
        told.append(f"several columns called {', '.join(layout.doubled)}, of which the second got a .1")
    return ", ".join(told)


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.3g} MB" if size >= 1e6 else f"{max(size / 1e3, 0.1):.3g} kB"


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
