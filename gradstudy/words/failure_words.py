"""What is said of trials that could not be trained."""

from collections import Counter
from collections.abc import Mapping, Sequence

from gradstudy.records import TrialResult
from gradstudy.words.number_words import counted

REASONS_TOLD = 3
"""So many reasons are told in a sentence."""


def glance(failure: str) -> str:
    """The first line of a failure's reason."""
    return failure.partition("\n")[0]


def failed_words(failed: Mapping[int, str]) -> str:
    """How many trials failed, of what, and how they are tried again; nothing where none did."""
    if not failed:
        return ""
    reasons = Counter(map(glance, failed.values())).most_common()
    told = [f"{reason} ({counted(count, 'trial')}, such as {_first(failed, reason)})" for reason, count in reasons]
    others = [f"{counted(len(told) - REASONS_TOLD, 'other reason')}"] if len(told) > REASONS_TOLD else []
    count = f"{counted(len(failed), 'trial')} could not be trained and count{'s' * (len(failed) == 1)} in nothing"
    return f"{count}: {'; '.join([*told[:REASONS_TOLD], *others])}. The same command with retry=failed tries again."


def none_trained(results: Sequence[TrialResult]) -> str:
    """What is wrong where every trial failed: the commonest reason, with the lines that lead to it."""
    reason, count = Counter(result.failure for result in results).most_common(1)[0]
    first = next(result for result in results if result.failure == reason)
    which = " ".join(first.trial.overrides)
    return (
        f"None of {counted(len(results), 'trial')} could be trained, {'each' if count == len(results) else count} for "
        f"the same reason, and none is stored; mend it, and give the same command again. Trial {first.trial.number} "
        f"({which}): {reason}"
    )


def _first(failed: Mapping[int, str], reason: str) -> int:
    return min(number for number, failure in failed.items() if glance(failure) == reason)
