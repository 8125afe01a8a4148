"""What trials of a study read of a person's data, where they do not all read the same."""

from collections.abc import Iterable, Mapping

MOST_READINGS = 3


def either(readings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What was read, in words by what they are about, of tasks that may differ: `16 rows; in other trials 32 rows`."""
    found: dict[str, dict[str, None]] = {}
    for reading in readings:
        for about, words in reading.items():
            found.setdefault(about, {})[words] = None
    return {about: _one_of(list(words)) for about, words in found.items()}


def _one_of(words: list[str]) -> str:
    more = [f"{len(words) - MOST_READINGS} others"] if len(words) > MOST_READINGS else []
    return "; in other trials ".join([*words[:MOST_READINGS], *more])
