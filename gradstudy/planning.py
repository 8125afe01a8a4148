"""What a launch would do and cost: apart from preparing it, as a study that runs need not wait for such imports."""

import pandas as pd

from gradstudy.analysis.cure.confirmation import usually_asked
from gradstudy.analysis.ranking.power import power_of_design
from gradstudy.errors import InputError
from gradstudy.masking import masked
from gradstudy.plan import Plan
from gradstudy.preparation import Prepared, begun_before, no_cures
from gradstudy.records import FAILING, SCREEN, STUCK
from gradstudy.search.screen.quality import quality
from gradstudy.tracking.store import store_address
from gradstudy.training.estimate import estimate

START_SECONDS, STORE_SECONDS = 10.0, 0.03
"""What a launch costs beside training: imports, a new store, two rankings; and Optuna, MLflow, Parquet per trial."""


def plan_study(prepared: Prepared) -> Plan:
    """What this launch would do, how long it would take, and how much memory. Writes nothing."""
    launch, info = prepared.launch, prepared.info
    designed = [trial.levels for trial in prepared.preview if trial.phase == SCREEN]
    table = pd.DataFrame(designed, columns=[factor.name for factor in info.factors], dtype=object)
    power = power_of_design(table, info.factors, launch.analysis) if designed else None
    cohorts = [cohort for batch in prepared.batches for cohort in batch.cohorts()]
    cohorts.sort(key=lambda cohort: len(cohort.members), reverse=True)
    try:
        cost = estimate(cohorts)
    except MemoryError as error:
        raise InputError(str(error)) from error
    members = sum(len(cohort.members) for cohort in cohorts)
    cures = len((*FAILING, STUCK)) * usually_asked(**info.confirm) if info.confirm else 0
    workers = min(launch.execution.count(prepared.devices), len(cohorts))
    return Plan(
        info=info,
        asleep=prepared.composer.asleep,
        unvaried=prepared.composer.unvaried,
        trials=prepared.preview,
        cohorts=tuple(len(cohort.members) for cohort in cohorts),
        seconds=START_SECONDS + STORE_SECONDS * len(prepared.preview) + cost.seconds / workers,
        memory=cost.memory,
        store=masked(store_address(launch.tracking)),
        quality=quality(info.factors, designed) if designed else None,
        note=" ".join(filter(None, (launch.search.note(launch.budget.trials), begun_before(prepared)))),
        no_cures=no_cures(launch),
        cure_members=cures,
        cure_seconds=cost.seconds / members * cures / workers,
        power=power,
    )
