import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradstudy.analysis.space.coordinates import INACTIVE, CodedTrials, encode
from gradstudy.analysis.space.levels import LEVEL_COLUMNS, cut, level_table
from gradstudy.records import DUMMY, Factor

ACT = Factor("act", ("tanh", "relu", "elu"))


def table_of(factor, coordinates, values, diverged=None, confidence=0.95):
    screen = CodedTrials((factor,), np.array(coordinates, dtype=float)[:, None], np.array(values, dtype=float))
    bad = np.zeros(len(values)) if diverged is None else np.array(diverged)
    return level_table(screen, bad, confidence)


def names_of(factor, numbers):
    """In which group is each of these numbers?"""
    groups = cut(factor, encode(pd.DataFrame({factor.name: numbers}), [factor])[:, 0])
    return [groups.names[code] for code in groups.codes]


@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_an_effect_is_a_difference_of_means_with_welchs_interval(confidence):
    random = np.random.default_rng(0)
    codes = np.repeat([0.0, 1.0, 2.0], [9, 14, 5])
    values = random.normal(size=28) * (1.0 + 3 * codes) + codes
    table = table_of(ACT, codes, values, confidence=confidence)
    assert table.columns.tolist() == LEVEL_COLUMNS
    assert table["reference"].tolist() == [True, False, False]
    assert table["trials"].tolist() == [9, 14, 5]
    reference = values[codes == 0]
    assert table["mean"].tolist() == pytest.approx([values[codes == code].mean() for code in range(3)])
    for code in (1, 2):
        welch = stats.ttest_ind(values[codes == code], reference, equal_var=False)
        ends = welch.confidence_interval(confidence)
        row = table.loc[code]
        assert row["effect"] == pytest.approx(values[codes == code].mean() - reference.mean())
        assert row[["effect_low", "effect_high"]].tolist() == pytest.approx([ends.low, ends.high])


def test_the_reference_is_the_first_level_that_occurs_and_what_does_not_occur_has_no_mean():
    table = table_of(ACT, [1, 1, 2, 2], [0.0, 1.0, 4.0, 7.0]).set_index("level")
    assert table.index[table["reference"]].tolist() == ["relu"]
    assert table["trials"].tolist() == [0, 2, 2]
    assert table.loc["tanh", ["mean", "effect", "effect_low", "effect_high"]].isna().all()
    assert table["effect"].tolist()[1:] == [0.0, 5.0]


def test_one_trial_has_an_effect_and_no_interval():
    table = table_of(ACT, [0, 0, 0, 1], [0.0, 1.0, 2.0, 9.0]).loc[1]
    assert table["effect"] == 8.0
    assert np.isnan([table["effect_low"], table["effect_high"]]).all()


def test_levels_that_do_not_scatter_have_no_interval_between_them():
    wobble = 1e-15 * np.arange(4)  # what a mean over seeds leaves
    table = table_of(ACT, np.repeat([0, 1, 2], 4), [*(10.0 + wobble), *(2.0 + wobble), 0.0, 1.0, 2.0, 3.0])
    assert table.loc[1, "effect"] == pytest.approx(-8.0)
    assert np.isnan([table.loc[1, "effect_low"], table.loc[1, "effect_high"]]).all()
    # a level that scatters against one that does not is a one-sample t interval
    half = stats.t.ppf(0.975, 3) * np.std([0, 1, 2, 3], ddof=1) / 2
    assert table.loc[2, ["effect_low", "effect_high"]].tolist() == pytest.approx([-8.5 - half, -8.5 + half])


def test_trials_in_which_the_factor_does_not_live_and_the_dummy_have_no_level():
    screen = CodedTrials((ACT, DUMMY), np.array([[0, 0.1], [INACTIVE, 0.5], [1, 0.9]]), np.array([1.0, 100.0, 3.0]))
    table = level_table(screen, np.array([1.0, 4.0, 0.0]), 0.95)
    assert table["factor"].tolist() == ["act"] * 3
    assert table["trials"].tolist() == [1, 1, 0]
    assert table["diverged"].tolist() == [1, 0, 0]
    assert table["mean"].tolist()[:2] == [1.0, 3.0]


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (Factor("x", low=0.1, high=10.0, log=True), ["0.1 to 0.46", "0.46 to 2.2", "2.2 to 10"]),
        (Factor("x", low=-1.0, high=1.0), ["-1 to -0.33", "-0.33 to 0.33", "0.33 to 1"]),
        (Factor("x", low=0.9, high=0.999), ["0.9 to 0.933", "0.933 to 0.966", "0.966 to 0.999"]),
        (Factor("x", low=1, high=12, integer=True), ["1 to 4", "5 to 8", "9 to 12"]),
        (Factor("x", low=1, high=8, integer=True, log=True), ["1", "2 to 3", "4 to 8"]),
        (Factor("x", low=3, high=4, integer=True), ["3", "4"]),
    ],
    ids=["decades", "through zero", "narrow", "whole", "whole decades", "two"],
)
def test_a_number_is_cut_into_thirds_named_in_its_own_unit(factor, expected):
    numbers = np.arange(factor.low, factor.high + 1) if factor.integer else [factor.low, factor.high]
    coordinates = encode(pd.DataFrame({"x": numbers}), [factor])[:, 0]
    assert table_of(factor, coordinates, np.arange(len(numbers)))["level"].tolist() == expected


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("high", range(2, 40))
def test_every_whole_number_is_in_the_group_that_names_it(log, high):
    numbers = list(range(1, high + 1))
    found = names_of(Factor("x", low=1, high=high, integer=True, log=log), numbers)
    for number, name in zip(numbers, found, strict=True):
        ends = [int(end) for end in name.split(" to ")]
        assert ends[0] <= number <= ends[-1]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("low", "high"), [(8, 256), (2, 32), (3, 1000), (100, 107), (5, 5)])
def test_whole_numbers_are_cut_by_the_middles_of_the_pieces_that_a_design_draws_them_from(low, high, log):
    """n owns [n, n + 1): its third is that of n + 1/2, or of sqrt(n(n + 1)), in the range up to high + 1."""
    numbers = np.arange(low, high + 1)
    middles = np.sqrt(numbers * (numbers + 1.0)) if log else numbers + 0.5
    spaced = np.geomspace if log else np.linspace
    third = np.searchsorted(spaced(low, high + 1, 4)[1:3], middles * (1 + 1e-12), side="right")
    held = [numbers[third == which] for which in range(3)]
    expected = [str(some[0]) if len(some) == 1 else f"{some[0]} to {some[-1]}" for some in held if len(some)]
    factor = Factor("x", low=low, high=high, integer=True, log=log)
    coordinates = encode(pd.DataFrame({"x": numbers}), [factor])[:, 0]
    table = table_of(factor, coordinates, numbers)
    assert table["level"].tolist() == expected
    assert table["trials"].tolist() == [len(some) for some in held if len(some)]


def test_levels_are_named_as_on_the_command_line():
    assert table_of(Factor("on", (True, False)), [0, 1], [0.0, 1.0])["level"].tolist() == ["true", "false"]
