"""A person's own data: a file with a column to predict."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from gradstudy.tasks.column_choice import Wanted, choose
from gradstudy.tasks.columns import data_of
from gradstudy.tasks.feature_task import Data, Features
from gradstudy.tasks.table_file import COLUMNAR, TEXT, UNPACK, Writing, ending_of, read_table

LEADS = "path must lead to a .csv or .parquet file"
ENDINGS = [ending for ending in (*TEXT, *COLUMNAR) if ending not in LEADS]
WRITTEN_AS = {
    "separator": {",": "comma", ";": "semicolon", "\t": "tab", "\\t": "tab", "|": "pipe", " ": "space"},
    "decimal": {".": "point", ",": "comma"},
}
"""What may be typed in place of a word, in quotation marks."""


@dataclass(frozen=True)
class Table(Features, Wanted, Writing):
    """A person's own data: a file of text or Parquet, and the name of the column to predict.

    Columns of numbers are taken as they are (and standardised unless `standardize` is off), dates as days, durations
    as seconds, yes and no as 1 and 0, and words become an input per word. A running number, an id, a constant, text
    that is another in every row and dates that run on are left out, unless `columns` names them; `drop` leaves out
    others, and `words` takes numbers as words. `missing` says what becomes of rows with gaps: refused, dropped, or
    filled with the median and an input that says so.

    The target names classes if it is text, true or false, or at most 20 different whole numbers; else it is a number,
    and is standardised unless `standardize_target` is off. `classify` (`true`, `false`) overrules that. Several targets
    are all numbers. A fixed fifth, at most 1000 rows, is held out.

    With a `window` inputs are so many rows in a row, [time, feature], in the order of the column `order` (by default
    the first one of dates, else that of the file), within rows that are the same in `series`. The target is that of the
    last row; with `ahead` that of so many rows later, and then what it was before is an input too. The last fifth in
    time is held out.

    How a file of text is written is found out, unless `separator`, `decimal`, `encoding` or `header` say so.
    """

    path: str = ""
    standardize: bool = True

    def __post_init__(self) -> None:
        for key in ("classify", "header"):  # true and false are no words in YAML
            object.__setattr__(self, key, str(getattr(self, key)).lower())
        for key in ("target", "columns", "drop", "words", "order", "series"):  # nor is the number a column is named by
            object.__setattr__(self, key, _names(getattr(self, key)))
        for key, symbols in WRITTEN_AS.items():
            object.__setattr__(self, key, symbols.get(getattr(self, key), getattr(self, key)))
        super().__post_init__()
        self.data()  # a file that cannot be used is told at the door

    @property
    def content(self) -> str:
        """A hash of the file: a study goes on only with the data it was begun with."""
        return _hash(*_as_it_is(self.path))

    def data(self) -> Data:
        try:
            ending_of(Path(self.path))
            path, state = _as_it_is(self.path)
        except ValueError as error:
            others = f"also {', '.join(ENDINGS)}, packed as {', '.join(UNPACK)}"
            raise ValueError(f"{LEADS} ({others}), got {self.path!r}: {error}") from error
        except OSError as error:
            why = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
            raise ValueError(f"{LEADS}, got {self.path!r}, which {why}: write task.path=FILE") from error
        if not path.is_file():
            raise ValueError(f"{LEADS}, got {self.path!r}, which is none: write task.path=FILE")
        wanted, writing = (
            kind(**{field.name: getattr(self, field.name) for field in fields(kind)}) for kind in (Wanted, Writing)
        )
        return _table(path, state, wanted, writing)


def _names(value: object) -> str | tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)


def _as_it_is(path: str) -> tuple[Path, tuple[int, ...]]:
    """A file, wherever a launch may begin, and what changes with its content: it is read once while that is the same.

    Its own time can be set back, as unpacking an archive does; that of its entry (or, on Windows, of its making) not.
    """
    file = Path(path).expanduser().absolute()
    found = file.stat()
    return file, (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


@cache
def _hash(path: Path, state: tuple[int, ...]) -> str:
    """Asked for by every cohort."""
    return sha256(path.read_bytes()).hexdigest()


@cache
def _table(path: Path, state: tuple[int, ...], wanted: Wanted, writing: Writing) -> Data:
    """A file that was mended is read again."""
    try:
        file = read_table(path, writing, wanted.named)
    except (OSError, ValueError) as error:
        raise ValueError(f"path must lead to a readable table, and {path.name} is none: {error}") from error
    if twice := set(wanted.targets) & set(file.doubled):
        raise ValueError(f"target '{twice.pop()}' is the name of several columns of {path.name}: name one otherwise")
    try:
        choice = choose(file.frame, wanted, file.decimal)
    except ValueError as error:
        hint = ". The file has no header; task.header=true takes its first line as one" if not file.header else ""
        raise ValueError(f"{error}{hint}") from error
    try:
        data = data_of(choice, wanted)
    except ValueError as error:
        raise ValueError(f"path {path.name}: {error}") from error
    about: Mapping[str, str] = {"file": file.words, **data.about}
    return replace(data, about=about)
