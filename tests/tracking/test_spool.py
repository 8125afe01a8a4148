"""Trials that wait on disk."""

from support.made_trials import make_result

from gradstudy.tracking.spool import Spool


def test_a_spool_tells_its_trials_in_order(tmp_path):
    spool = Spool(tmp_path / "spool")
    for number in (11, 2, 100_000):
        spool.put(make_result(number))
    assert spool.numbers() == [2, 11, 100_000]
    assert spool.rows(11) == (make_result(11).trial, make_result(11).rows)
    assert spool.result(2).rows == make_result(2).rows


def test_a_trial_is_replaced_and_removed(tmp_path):
    spool = Spool(tmp_path)
    spool.put(make_result(3))
    spool.put(make_result(3, verdicts=("healthy",)))
    assert len(spool.rows(3)[1]) == 1
    spool.remove(3)
    assert spool.numbers() == []


def test_what_a_killed_driver_left_half_written_is_removed(tmp_path):
    Spool(tmp_path).put(make_result(1))
    half = tmp_path / "trial_00002.parquet.part"
    half.write_bytes(Spool(tmp_path).path(1).read_bytes()[:100])
    spool = Spool(tmp_path)
    assert spool.numbers() == [1]
    assert not half.exists()


def test_nothing_is_made_before_the_first_trial(tmp_path):
    assert Spool(tmp_path / "spool").numbers() == []
    assert list(tmp_path.iterdir()) == []
