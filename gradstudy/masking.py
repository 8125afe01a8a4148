"""No secret leaves the program: passwords and tokens in a text, each replaced by ***."""

import html
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TextIO, cast
from urllib.parse import quote, quote_plus, unquote, unquote_plus

MASK = "***"

_NAMES = r"password|passwd|passphrase|pwd|secret|token|api_?key|access_?key|credentials?|signature|\bsig"
_VALUE = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?:(?!&\w+=)[^\s"'<>])+"""
_SCHEME = r"\b[a-z][\w+.-]{0,30}://"
# The user may be an e-mail address. The password reaches to the last @ before a host, over what has no blank and
# begins no other URL: it may hold any of @ / : ? # itself, and hiding part of a path is better than showing part of it.
_URL = re.compile(rf"""(?P<before>{_SCHEME}[^\s:/"'<>]*:)(?P<secret>(?:(?!{_SCHEME})\S)+)@(?=[\w/[])""", re.I)
_WHOLE_URL = re.compile(rf"""(?P<before>^[\w.]*=?["']?{_SCHEME}[^:/]*:)(?P<secret>.+)@(?=[\w/[])""", re.I | re.S)
_NAMED = re.compile(rf"(?P<before>(?:{_NAMES})\s*=\s*)(?P<secret>{_VALUE})", re.I)
_IN_JSON = re.compile(rf"""(?P<before>["'][\w-]{{0,30}}(?:{_NAMES})["']\s*:\s*)(?P<secret>"[^"]*"|'[^']*')""", re.I)
_HEADER = re.compile(r"(?P<before>\b(?:basic|bearer)\s+)(?P<secret>[\w+/=.~-]{8,})", re.I)
_PLACES = (_URL, _NAMED, _IN_JSON, _HEADER)

_SHORTEST = 4
"""A secret of fewer letters is masked in its place only: everywhere, it would take sentences to pieces."""
_COMMON = {"gradstudy", "mlflow", "python", "study", "password", "secret", "token"}
"""As passwords, no secrets: masked everywhere, commands and messages would be unreadable."""
_ADDRESSES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
_SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "PGPASSWORD", "MYSQL_PWD")
_known: set[str] = set()


def remember(*texts: str) -> None:
    """Learns the secrets of addresses, overrides or other texts, which are masked wherever they stand from now on."""
    for text in texts:
        _known.update(_secrets_in(text))


def masked(text: str) -> str:
    """The text without secrets, *** in their place.

    Secrets are the password of every URL; the value of every `password=`, `token=` and the like; and what this process
    knows from `remember` or from the environment, also where it is cited alone: decoded, encoded, quoted, or in part,
    where a password with @ or / was taken for two things.
    """
    for place in _PLACES:
        text = place.sub(_without, text)
    known = _anywhere(frozenset(_known), *(os.environ.get(name, "") for name in (*_ADDRESSES, *_SECRETS)))
    return known.sub(MASK, text) if known else text


def _without(found: re.Match[str]) -> str:
    whole, before, secret = found[0], found["before"], found["secret"]
    hidden = secret.replace(_bare(secret), MASK)
    return whole if _is_reference(secret) else f"{before}{hidden}{whole[len(before) + len(secret) :]}"


def _bare(secret: str) -> str:
    """Without the quotation marks around it."""
    return re.sub(r"""^(["'])(.+)\1$""", r"\2", secret, flags=re.S)


def _is_reference(secret: str) -> bool:
    """Whether it only says where the secret is, as in `${oc.env:PGPASSWORD}`, or is masked already, or is none."""
    return bool(re.fullmatch(r"\$\{[^}]*\}|\$\w+|\*+|null|none|true|false", _bare(secret), re.I))


def mask_output() -> None:
    """Masks all that this process prints from now on, also what other libraries warn of and log."""
    sys.stdout, sys.stderr = (
        stream if isinstance(stream, _Masked) else cast(TextIO, _Masked(stream)) for stream in (sys.stdout, sys.stderr)
    )


class _Masked:
    """A stream whose text is written without secrets, and that is the same otherwise."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(masked(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def holds_secret(text: str) -> bool:
    """Whether there is anything in this text that `masked` would mask wherever it stood."""
    return any(_places_in(text))


def _places_in(text: str) -> Iterator[re.Match[str]]:
    for place in (*_PLACES, _WHOLE_URL):
        yield from (found for found in place.finditer(text) if not _is_reference(found["secret"]))


def _secrets_in(text: str) -> Iterator[str]:
    """Every secret of a text, and the parts of a URL's password that its readers may take for a host or a port."""
    for found in _places_in(text):
        secret = _bare(found["secret"])
        shown = {*re.split(r"[\W_]", f"{found['before']}{text[found.end() :]}".lower()), *_COMMON}
        parts = re.split(r"[@/:?#]", secret) if found.re in (_URL, _WHOLE_URL) else []
        yield from (part for part in (secret, *parts) if part.lower() not in shown)


@lru_cache(maxsize=16)
def _anywhere(known: frozenset[str], *environment: str) -> re.Pattern[str] | None:
    """What matches these secrets, and those of the environment, however they are written; the longest first."""
    addresses, secrets = environment[: len(_ADDRESSES)], environment[len(_ADDRESSES) :]
    named = {secret for address in addresses for secret in _secrets_in(address)}
    every = {*known, *named, *(secret for secret in secrets if secret.lower() not in _COMMON)}
    written = {form for secret in every for form in _forms(secret) if len(form) >= _SHORTEST}
    return re.compile("|".join(map(_word, sorted(written, key=len, reverse=True)))) if written else None


def _forms(secret: str) -> Iterator[str]:
    for one in {secret, unquote(secret), unquote_plus(secret)}:
        escaped = json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1], repr(one)[1:-1]
        yield from (one, quote(one), quote(one, safe=""), quote_plus(one), html.escape(one), *escaped)


def _word(secret: str) -> str:
    """Matches it where it is no part of a longer word."""
    before = r"(?<![A-Za-z0-9])" if secret[0].isalnum() else ""
    return before + re.escape(secret) + (r"(?![A-Za-z0-9])" if secret[-1].isalnum() else "")
