"""What did the instrument itself cost? A cohort's seconds and the shares of them, as metrics of a trial and a study."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from gradstudy.records import MemberRecord

METRICS = {"seconds": "cost/cohort_seconds", "recorder": "cost/recorder_share", "probes": "cost/probes_share"}


def trial_cost(records: Sequence[MemberRecord]) -> dict[str, float]:
    """What did a trial's members see of it? By metric, median over the members that were timed."""
    return _medians(
        {key: record.cost[name] for name, key in METRICS.items() if name in record.cost} for record in records
    )


def study_cost(trials: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """What did a study's trials see of it? By metric, median over the trials whose metrics have them."""
    return _medians(trials)


def _medians(metrics: Iterable[Mapping[str, float]]) -> dict[str, float]:
    known = list(metrics)
    values = {key: [one[key] for one in known if key in one] for key in METRICS.values()}
    return {key: median(found) for key, found in values.items() if found}
