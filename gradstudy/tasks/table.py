"""A person's own data: a file with a column to predict."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import pandas as pd

from gradstudy.errors import nearest
from gradstudy.parts import word
from gradstudy.tasks.columns import data_of
from gradstudy.tasks.feature_task import Data, Features

READERS: dict[str, Callable[[Path], pd.DataFrame]] = {".csv": pd.read_csv, ".parquet": pd.read_parquet}


@dataclass(frozen=True)
class Table(Features):
    """A person's own data: a csv or parquet file, and the name of the column to predict.

    Columns of numbers are taken as they are (and standardised unless `standardize` is off), text becomes a column per
    word. The target names classes if it is text, true or false, or at most 20 different whole numbers; else it is a
    number, and is standardised. `classify` (`true`, `false`) overrules that. A fixed fifth, at most 1000 rows, is held
    out.
    """

    path: str = ""
    target: str = ""
    classify: str = word("auto", "true", "false")
    standardize: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "classify", str(self.classify).lower())  # true and false are no words in YAML
        object.__setattr__(self, "target", str(self.target))  # nor is the number that a column may be named by
        super().__post_init__()
        self.data()  # a file that cannot be used is told at the door

    @property
    def content(self) -> str:
        """A hash of the file: a study goes on only with the data it was begun with."""
        return sha256(Path(self.path).expanduser().read_bytes()).hexdigest()

    def data(self) -> Data:
        path = Path(self.path).expanduser()
        if path.suffix.lower() not in READERS or not path.is_file():
            came = "which does not exist" if path.suffix.lower() in READERS else "which ends otherwise"
            raise ValueError(
                f"path must lead to a .csv or .parquet file, got {self.path!r}, {came}: write task.path=FILE"
            )
        return _table(path, path.stat().st_mtime_ns, self.target, self.classify)


@cache
def _table(path: Path, changed: int, target: str, classify: str) -> Data:
    """`changed` is when: a file that was mended is read again."""
    frame = _read(path)
    if target not in frame:
        some = ", ".join(map(str, frame.columns[:20]))
        raise ValueError(
            f"target must be a column of {path.name}, got {target!r}: it has {some}.{nearest(target, map(str, frame))}"
            " Write task.target=COLUMN"
        )
    try:
        return data_of(frame.drop(columns=target), frame[target], classify)
    except ValueError as error:
        raise ValueError(f"path {path.name}: {error}") from error


def _read(path: Path) -> pd.DataFrame:
    try:
        return READERS[path.suffix.lower()](path)
    except (OSError, ValueError) as error:  # what pandas cannot parse is a ValueError to it, pyarrow's own ones too
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise ValueError(f"path must lead to a readable table, and {path.name} is none: {reason}") from error
