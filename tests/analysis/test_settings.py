import pytest

from gradstudy.analysis.settings import Analysis


@pytest.mark.parametrize("wrong", [{"cap": 0.0}, {"confidence": 1.0}, {"first_steps": 0}, {"draws": 4}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Analysis(**wrong)
