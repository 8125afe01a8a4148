from dataclasses import replace

import pandas as pd
import pytest
from support.made_trials import make_info

from gradstudy.analysis.ranking.power import Power
from gradstudy.plan import Plan
from gradstudy.records import DUMMY, Factor, Trial
from gradstudy.report.terminal.plan_page import plan_page, where_it_lives
from gradstudy.search.screen.quality import Alias, Association, Quality

CLIPPING = Factor("clipping", ("none", "norm", "value"))
MAX_NORM = Factor("clipping.max_norm", low=0.1, high=10.0, log=True)
BIAS = Factor("model.bias", (True, False, 1))
DEPTH = Factor("model.depth", low=2, high=64, log=True, integer=True)
GAIN = Factor("init.gain", low=0.5, high=2.0)
FACTORS = (CLIPPING, MAX_NORM, BIAS, DEPTH, GAIN, DUMMY)


def trial(number, clipping, **more):
    levels = {"clipping": clipping, "model.bias": True, "model.depth": 2, "init.gain": 1.0, "dummy": 0.5, **more}
    return Trial(number, levels, ())


TRIALS = (
    trial(0, "none"),
    trial(1, "norm", **{"clipping.max_norm": 1.0}),
    trial(2, "norm", **{"clipping.max_norm": 2.0, "model.bias": 1}),
    trial(3, "value", **{"model.bias": False}),
)
INFO = make_info("rnn_clip", question="Does clipping help?", factors=FACTORS, seeds=4, steps=200)
PLAN = Plan(
    info=INFO,
    asleep=("model.order",),
    unvaried=("lr.value=0.1",),
    trials=TRIALS,
    cohorts=(10, 6),
    seconds=210.0,
    memory=3.2e8,
    store="sqlite:///mlflow.db",
)


def words(page):
    return " ".join(page.split())


def test_every_factor_is_there_with_its_trials_per_level_or_its_range(render):
    page = words(render(plan_page(PLAN), width=100))
    assert "none (1), norm (2), value (1)" in page
    assert "clipping.max_norm 0.1 to 10, log clipping=norm 2" in page
    assert "model.depth 2 to 64, whole, log everywhere 4" in page
    assert "init.gain 0.5 to 2 everywhere 4" in page
    assert "dummy 0 to 1 noise floor 4" in page


def test_what_was_read_of_a_persons_data_stands_before_the_factors(render):
    data = {"rows": "50: 40 to train on", "left out": "[id] (a running number)"}
    page = words(render(plan_page(replace(PLAN, info=replace(INFO, data=data))), width=100))
    assert "rows 50: 40 to train on left out [id] (a running number) factor levels" in page
    assert "left out" not in words(render(plan_page(PLAN), width=100))


def test_what_a_launch_fixes_of_what_its_study_would_vary_is_named(render):
    assert "not varied, as this launch fixes it: lr.value=0.1" in words(render(plan_page(PLAN), width=100))


def test_an_entry_that_lives_nowhere_is_named(render):
    assert "asleep, as no option of this study has it: model.order" in words(render(plan_page(PLAN), width=100))


def test_true_and_one_are_two_levels(render):
    assert "true (2), false (1), 1 (1)" in words(render(plan_page(PLAN), width=100))


def test_sizes_estimates_and_store_are_told(render):
    page = words(render(plan_page(PLAN)))
    assert "rnn_clip: Does clipping help? Pascanu 2013" in page
    assert "4 trials x 4 seeds = 16 members" in page
    assert "2 of 6 to 10 members" in page
    assert "200 per member" in page
    assert "about 3.5 min" in page
    assert "about 320 MB" in page
    assert "sqlite:///mlflow.db" in page
    assert "nothing was written" in page


def test_what_is_not_known_is_said_to_be_unknown(render):
    page = words(render(plan_page(replace(PLAN, seconds=None, memory=None, cohorts=(), info=replace(INFO, steps=0)))))
    assert "time unknown memory unknown" in page
    assert "measured at initialization only" in page


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (40, "40 s"), (89, "89 s"), (120, "2 min"), (7200, "2 h"), (3 * 86400, "3 days"), (4980, "83 min")],
)
def test_a_time_is_told_in_the_unit_people_would_use(render, seconds, told):
    assert f"time about {told} memory" in words(render(plan_page(replace(PLAN, seconds=seconds))))


def test_equal_cohorts_have_one_size(render):
    assert "cohorts 2 of 8 members" in words(render(plan_page(replace(PLAN, cohorts=(8, 8)))))


def test_where_a_factor_lives_is_read_off_the_trials():
    assert where_it_lives(GAIN, FACTORS, TRIALS) == "everywhere"
    assert where_it_lives(MAX_NORM, FACTORS, TRIALS) == "clipping=norm"
    assert where_it_lives(MAX_NORM, FACTORS, TRIALS[:1]) == "in no trial"


def test_a_factor_that_is_absent_under_one_level_only_names_that_level():
    trials = (trial(0, "none"), *(trial(n, level, **{"clipping.x": 1.0}) for n, level in enumerate(("norm", "value"))))
    assert where_it_lives(Factor("clipping.x"), FACTORS, trials) == "clipping is not none"


def test_its_own_group_is_named_before_a_factor_that_agrees_by_accident():
    other = Factor("bystander", ("a", "b"))
    trials = tuple(Trial(t.number, {**t.levels, "bystander": "b" if t.number in (1, 2) else "a"}, ()) for t in TRIALS)
    assert where_it_lives(MAX_NORM, (other, *FACTORS), trials) == "clipping=norm"


def test_a_condition_that_no_one_choice_decides_is_not_made_up():
    trials = (trial(0, "norm"), trial(1, "norm", **{"clipping.max_norm": 1.0}))
    assert where_it_lives(MAX_NORM, (CLIPPING, MAX_NORM), trials) == "in some trials"


def test_a_plan_stays_text_within_80_columns(render):
    info = replace(INFO, name="[red]x", question="[bold]why[/bold]? " + "very " * 30)
    page = render(plan_page(replace(PLAN, info=info)))
    assert "[red]x: [bold]why[/bold]?" in page
    assert max(map(len, page.splitlines())) <= 80
    assert "\x1b" not in page


def power(share, u_shape=float("nan"), trials=128):
    """Of all factors the same; for numbers a U-shape too."""
    rows = [(f.name, trials, share, u_shape if f.is_number else float("nan")) for f in FACTORS]
    return Power(pd.DataFrame(rows, columns=["factor", "trials", "share", "u_shape"]), power=0.8, level=0.01)


QUALITY = Quality({"clipping": (42, 43)}, 0.02, 0.18, Association("init.gain", "lr.value", 0.08, 128), None)


def test_what_can_be_found_is_told_for_every_factor_and_in_decades(render):
    """A quarter of the variance: half of 3 decades up and half of them down, which are 3 between the two."""
    page = words(render(plan_page(replace(PLAN, power=power(0.25, 0.5))), width=100))
    assert "none (1), norm (2), value (1) everywhere 4 .25" in page
    assert "init.gain 0.5 to 2 everywhere 4 .25 (.50)" in page
    assert "that 80 % of such studies would find" in page
    assert "If trials scatter by 3 decades (standard deviation), a share of .25 is 3.0 decades between two" in page
    assert "in brackets" in page
    assert "in brackets" not in words(render(plan_page(replace(PLAN, power=power(0.25)))))


@pytest.mark.parametrize(("share", "told"), [(0.0016, ".0016"), (0.0944, ".094"), (0.0951, ".10"), (0.999, "1.00")])
def test_a_share_keeps_two_digits_that_count(render, share, told):
    assert f"everywhere 4 {told} model.depth" in words(render(plan_page(replace(PLAN, power=power(share))), width=100))


def test_where_nothing_can_be_found_that_is_what_is_said(render):
    few = words(render(plan_page(replace(PLAN, power=power(float("nan"), trials=4)))))
    assert "can find: nothing, a ranking takes at least 8 trials; raise budget.trials." in few
    more = words(render(plan_page(replace(PLAN, power=power(float("nan"), trials=10)))))
    assert "no effect can be counted on to be found in 10 trials; raise budget.trials." in more


def test_the_quality_of_the_design_is_told_with_the_pairs_names(render):
    page = words(render(plan_page(replace(PLAN, quality=QUALITY))))
    assert "trials per level differ by 1 at most; 9 times as even as random trials" in page
    assert "strongest correlation of two factors .08 (init.gain with lr.value)" in page
    assert "some trials only" not in page
    conditional = Association("clipping.max_norm", "init.gain", 0.37, 43)
    perfect = replace(QUALITY, balance={"clipping": (2, 2)}, discrepancy=0.0, conditional=conditional)
    page = words(render(plan_page(replace(PLAN, quality=perfect))))
    assert "every level of a factor equally often; perfectly even" in page
    triple = Alias("lr.value", ("init", "clipping"), 0.21)
    told = words(render(plan_page(replace(PLAN, quality=replace(QUALITY, triple=triple)))))
    assert (
        "of a factor with what two others do only together .21 beyond chance (lr.value with init and clipping)" in told
    )
    assert "lives in some trials only .37 (clipping.max_norm with init.gain in 43 trials)" in page


def test_trials_that_are_chosen_later_have_a_note_and_no_promise(render):
    page = words(render(plan_page(replace(PLAN, note="Chosen as it goes."))))
    assert "Chosen as it goes." in page
    assert "can find" not in page
    assert "random trials" not in page


def test_a_plan_with_all_its_promises_stays_within_80_columns(render):
    page = render(plan_page(replace(PLAN, quality=QUALITY, power=power(0.25, 0.5), note="Chosen as it goes.")))
    assert max(map(len, page.splitlines())) <= 80
