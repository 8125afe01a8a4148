import numpy as np
import pandas as pd
import pytest

from gradstudy.words.ranking_words import digits_of


@pytest.mark.parametrize(
    ("effects", "digits"), [([0.0, -0.4], 2), ([0.0, -1.4, 0.2], 1), ([0.0, 31.0], 0), ([np.nan], 2), ([], 2)]
)
def test_large_differences_are_read_with_fewer_digits(effects, digits):
    assert digits_of(pd.DataFrame({"effect": effects})) == digits
