"""What encoding the bytes of a text file are in, and whether they are text at all."""

import codecs
import re

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before that of UTF-16, which it begins with
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
FOREIGN = {
    b"PK\x03\x04": "a zip or Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"PAR1": "a Parquet file",
    b"ARROW1": "a Feather file",
    b"\x89HDF": "an HDF5 file",
    b"SQLite": "a database",
    b"%PDF": "a PDF",
    b"\x89PNG": "an image",
    b"<": "HTML or XML",
    b"{": "JSON",
    b"[{": "JSON",
}
"""What a file begins with that is no table of text, whatever its name says."""
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
LOOKED_AT = 100_000


def decoded(content: bytes, encoding: str = "auto") -> tuple[str, str]:
    """The text in these bytes, its lines ended by a newline, and its encoding. ValueError where there is none.

    `auto`: what a mark at the beginning says; UTF-8 where that fits; else that of Windows (cp1252), as German or
    French programs write it.
    """
    if encoding == "auto":
        encoding = _encoding(content)
    else:
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise ValueError(f"encoding must be one that Python knows, such as utf-8, got '{encoding}'") from error
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:  # a codec such as hex turns bytes into bytes
        raise ValueError(f"it is not encoded as {encoding}: write task.encoding=cp1252, or what it is") from error
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), encoding


def _encoding(content: bytes) -> str:
    for start, what in FOREIGN.items():
        if content.startswith(start):
            raise ValueError(f"it is {what}, whatever its name says")
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return encoding
    sample = content[:LOOKED_AT]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if even + odd > len(sample) / 4 and min(even, odd) < max(even, odd) / 10:
        return "utf-16-le" if odd > even else "utf-16-be"
    if len(CONTROL.findall(sample)) > len(sample) / 1000:
        raise ValueError("it is no text")
    try:
        content.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "latin-1" if re.search(rb"[\x81\x8d\x8f\x90\x9d]", content) else "cp1252"
