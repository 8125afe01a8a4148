import numpy as np
import pandas as pd
import pytest
from support.made_records import made_record

from gradstudy.analysis.responses.member_row import lacking, measured_again, member_row
from gradstudy.analysis.settings import Analysis
from gradstudy.response import RESPONSES

SETTINGS, STRICT = Analysis(), Analysis(vanishing=1.0, cap=2.0)
RECORD = made_record([[1e-4, 1e-2, 1.0], [1e-3, 1e-1, 1.0]], norms=[1.0, 10.0], loss=[2.0, 1.0], baseline=2.0)
MEMBERS = pd.DataFrame([member_row(RECORD, SETTINGS)])


def again(members, records, settings=SETTINGS, keep=True):
    return measured_again(members, records, settings, keep=keep)


@pytest.mark.parametrize("name", RESPONSES)
def test_what_a_member_lacks_is_measured_and_all_else_stays(name):
    without, missing, other = MEMBERS.drop(columns=name), MEMBERS.assign(**{name: np.nan}), MEMBERS.assign(gain=7.25)
    assert lacking(MEMBERS) == []
    assert lacking(without) == lacking(missing) == [3]
    pd.testing.assert_frame_equal(again(without, [RECORD])[list(MEMBERS)], MEMBERS, check_exact=True)
    pd.testing.assert_frame_equal(again(missing, [RECORD]), MEMBERS, check_exact=True)
    if name != "gain":
        assert again(other.drop(columns=name), [RECORD])["gain"].tolist() == [7.25]


def test_under_other_settings_every_response_and_the_verdict_are_measured():
    found = again(MEMBERS.assign(gain=7.25), [RECORD], STRICT, keep=False)
    pd.testing.assert_frame_equal(found, pd.DataFrame([member_row(RECORD, STRICT)]), check_exact=True)
    assert (found["verdict"].tolist(), MEMBERS["verdict"].tolist()) == (["vanishing"], ["vanishing"])


def test_what_no_record_tells_is_missing():
    bare = made_record([[1e-4, 1e-2, 1.0]])
    del bare.series["clip_coefficient"]
    lost = MEMBERS.drop(columns=["noise", "clipped"])
    assert again(lost, [])[["noise", "clipped"]].isna().all(axis=None)
    assert again(lost, [bare])["clipped"].isna().tolist() == [True]
    assert again(lost, [bare])["noise"].tolist() == [0.0]


def test_what_an_older_record_does_not_tell_of_learning_is_unknown_and_not_called_stuck():
    older = MEMBERS.drop(columns=["learned"]).assign(outcome="untrained")
    found = again(older, [made_record([[1e-4, 1e-2, 1.0], [1e-3, 1e-1, 1.0]], norms=[1.0, 10.0], loss=[2.0, 2.0])])
    assert found["learned"].isna().all()
    assert found["outcome"].tolist() == ["untrained"]
    assert again(older, [])["outcome"].tolist() == ["untrained"]
