"""Stored files that are truncated, empty, gone, of another kind or altered: told, had from elsewhere or made anew."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.made_trials import FACTORS, make_info, make_result, make_shown

from gradstudy.errors import InputError, TrackingAway
from gradstudy.tracking.damage import Damaged
from gradstudy.tracking.members_file import members_table, read_study_table, write_members
from gradstudy.tracking.reader import find_study
from gradstudy.tracking.record_file import METADATA, read_gradients, read_result, read_rows, write_trial
from gradstudy.tracking.spool import Spool
from gradstudy.tracking.store import Mlflow, connect
from gradstudy.tracking.stored_files import read_info
from gradstudy.tracking.writer import StudyWriter

TRIALS = range(2)
LOST = "trial_00001.parquet"


def halved(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_its_last_byte(path):
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path):
    path.write_bytes(b"")


def removed(path):
    path.unlink()


def a_folder(path):
    path.unlink()
    path.mkdir()


def a_pipe(path):
    path.unlink()
    os.mkfifo(path)


def a_link_to_nothing(path):
    path.unlink()
    path.symlink_to("nowhere")


def a_link_to_itself(path):
    path.unlink()
    path.symlink_to(path.name)


def other_words(path):
    path.write_text("PAR1 this is no Parquet file, although it begins and ends like one. PAR1")


def an_unknown_verdict(path):
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[METADATA])
    if "rows" in about:
        about["rows"][0]["verdict"] = "splendid"
    else:
        column = table.column_names.index("verdict")
        table = table.set_column(column, "verdict", pa.array(["splendid"] * table.num_rows))
    pq.write_table(table.replace_schema_metadata({METADATA: json.dumps(about)}), path)


def of_another_trial(path):
    write_trial(make_result(0), path)


def null(path):
    path.write_text("null")


def a_list(path):
    path.write_text("[]")


def factors_that_are_a_number(path):
    path.write_text(json.dumps({**json.loads(path.read_text()), "factors": 3}))


def a_name_that_is_a_number(path):
    path.write_text(json.dumps({**json.loads(path.read_text()), "name": 3}))


def of_another_study(path):
    path.write_text(json.dumps({**json.loads(path.read_text()), "fingerprint": "ffffffff"}))


CUT = (halved, without_its_last_byte, emptied, removed, a_folder, a_pipe, a_link_to_nothing, a_link_to_itself)
AS_PARQUET = (other_words, an_unknown_verdict)
AS_JSON = (other_words, null, a_list, factors_that_are_a_number, a_name_that_is_a_number, of_another_study)


def launch(tracking, name, numbers=TRIALS):
    """One launch; what it had to train, and what it said of damage."""
    writer = StudyWriter(tracking, make_info(name), Path("folder"), make_shown)
    said = " ".join(writer.damage)
    missing = [number for number in numbers if number not in writer.stored()]
    with writer:
        for number in missing:
            writer.write(make_result(number))
    return missing, said


def undisturbed(numbers=TRIALS):
    return members_table({n: (make_result(n).trial, make_result(n).rows) for n in numbers}, FACTORS)


def assert_members(stored, numbers=TRIALS):
    pd.testing.assert_frame_equal(stored.members, undisturbed(numbers), check_exact=True)


def assert_whole(store, name):
    stored = find_study(name, store)
    assert_members(stored)
    assert stored.damage(thorough=True) == ()
    assert [result.trial.number for result in stored.results()] == list(TRIALS)
    assert stored.info == make_info(name)


@pytest.fixture
def study(store, name):
    """A finished study, and where a file of it is."""
    assert launch(store, name) == ([0, 1], "")
    artifacts = Path(connect(store).get_experiment_by_name(name).artifact_location)

    def file(wanted):
        (found,) = artifacts.glob(f"*/artifacts/{wanted}")
        return found

    return file


def written(name, folder):
    """A file as it is stored, and what reads it in every way."""
    path = folder / name
    if name == "members.parquet":
        write_members({n: (make_result(n).trial, make_result(n).rows) for n in TRIALS}, FACTORS, path, make_info("any"))
        return path, (read_study_table,)
    if name == "study.json":
        path.write_text(json.dumps(make_info("any").to_json()))
        tags = {"study": "any", "fingerprint": make_info("any").fingerprint}
        run = SimpleNamespace(info=SimpleNamespace(artifact_uri=str(folder)), data=SimpleNamespace(tags=tags))
        return path, (lambda _: read_info(None, run),)
    write_trial(make_result(1, verdicts=("healthy",), steps=2), path)
    return path, (read_rows, read_result, lambda path: read_gradients([path]))


CASES = [
    *(("members.parquet", damage) for damage in (*CUT, *AS_PARQUET)),
    *((LOST, damage) for damage in (*CUT, *AS_PARQUET, of_another_trial)),
    *(("study.json", damage) for damage in (*CUT, *AS_JSON) if damage is not removed),  # a run may have none yet
]


@pytest.mark.parametrize(("name", "damage"), CASES)
def test_whatever_is_not_as_it_was_written_is_damaged_and_named(tmp_path, name, damage):
    path, readers = written(name, tmp_path)
    damage(path)
    for read in readers[:2]:  # measured values alone show no verdict and no other trial
        with pytest.raises(Damaged, match=f"{path} .*give the study's own command again"):
            read(path)
    if damage in CUT and name == LOST:
        with pytest.raises(Damaged, match=str(path)):
            read_gradients([path])


@pytest.mark.parametrize("name", ["members.parquet", LOST])
def test_no_bit_of_a_stored_file_is_taken_for_another(tmp_path, name):
    """At a few places; the slow test looks at every byte."""
    sweep(*written(name, tmp_path), every=307)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["members.parquet", LOST])
def test_no_byte_of_a_stored_file_is_taken_for_another(tmp_path, name):
    sweep(*written(name, tmp_path), every=1)


def sweep(path, readers, *, every):
    """Cut off or with one bit altered, a file is Damaged or what it was."""
    content = path.read_bytes()
    for read in readers:
        whole = as_text(read(path))
        for place in range(0, len(content), every):
            altered = bytes([content[place] ^ (1 << place % 8)])
            for wrong in (content[:place], content[:place] + altered + content[place + 1 :]):
                path.write_bytes(wrong)
                try:
                    found = as_text(read(path))
                except Damaged:
                    continue
                assert found == whole, place
        path.write_bytes(content)


def as_text(found):
    return found.to_csv() if isinstance(found, pd.DataFrame) else repr(found)


def test_files_of_older_versions_have_no_checksums_and_are_read(tmp_path):
    path, readers = written(LOST, tmp_path)
    whole = [as_text(read(path)) for read in readers]
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({METADATA: table.schema.metadata[METADATA]}), path)
    assert [as_text(read(path)) for read in readers] == whole


@pytest.mark.parametrize("damage", [halved, removed, a_folder])
def test_a_damaged_table_is_made_anew_of_the_trials_own_files(study, store, name, damage):
    damage(study("members.parquet"))
    stored = find_study(name, store)
    assert_members(stored)
    assert ("members.parquet" in " ".join(stored.damage())) == (damage is not removed)
    trained, said = launch(store, name)
    assert trained == []
    assert ("members.parquet" in said) == (damage is not removed)
    assert_whole(store, name)


@pytest.mark.parametrize("damage", [halved, removed])
def test_a_trial_without_its_record_is_known_by_the_table_and_measured_again(study, store, name, damage):
    damage(study(LOST))
    stored = find_study(name, store)
    assert_members(stored)
    assert stored.trial(1) == make_result(1).trial
    assert set(stored.gradients()["trial"]) == {0}
    assert [result.trial.number for result in stored.results()] == [0]
    assert f"1 of 2 trials: {study(LOST) if damage is halved else ''}" in " ".join(stored.damage(thorough=True))
    with pytest.raises(Damaged, match=LOST):
        stored.result(1)
    trained, said = launch(store, name)
    assert trained == [1]
    assert LOST in said
    assert_whole(store, name)


@pytest.mark.parametrize("damage", [emptied, removed, an_unknown_verdict])
def test_a_trial_of_which_nothing_can_be_read_is_left_out_and_measured_again(study, store, name, damage):
    study("members.parquet").unlink()
    damage(study(LOST))
    stored = find_study(name, store)
    assert_members(stored, [0])
    assert list(stored.trials()) == [0]
    told = " ".join(stored.damage())
    assert "Left out, as damaged or gone: 1 of 2 trials" in told
    assert LOST in told
    trained, said = launch(store, name)
    assert trained == [1]
    assert LOST in said
    assert_whole(store, name)


def test_damage_within_a_record_that_shows_only_when_it_is_read_leaves_that_trial_out(study, store, name):
    path = study(LOST)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    stored = find_study(name, store)
    assert set(stored.gradients()["trial"]) == {0}
    assert LOST in " ".join(stored.damage())


def test_where_nothing_can_be_read_the_way_on_is_told(study, store, name):
    study("members.parquet").unlink()
    for number in TRIALS:
        emptied(study(f"trial_{number:05d}.parquet"))
    with pytest.raises(InputError, match=f"trial_00000.parquet .it is empty.*python -m gradstudy .study={name}"):
        _ = find_study(name, store).members
    assert launch(store, name)[0] == [0, 1]
    assert_whole(store, name)


@pytest.mark.parametrize("damage", [halved, removed, a_folder])
def test_what_a_study_is_stands_in_its_table_too_and_is_written_anew(study, store, name, damage):
    damage(study("study.json"))
    stored = find_study(name, store)
    assert stored.info == make_info(name)
    assert_members(stored)
    assert ("study.json" in " ".join(stored.damage())) == (damage is not removed)
    trained, said = launch(store, name)
    assert trained == []
    assert ("study.json" in said) == (damage is not removed)
    assert_whole(store, name)


def test_a_study_that_says_nowhere_what_it_is_names_the_file_and_its_own_command(study, store, name):
    halved(study("study.json"))
    halved(study("members.parquet"))
    with pytest.raises(InputError, match=f"study.json.*python -m gradstudy .study={name}"):
        find_study(name, store)
    assert launch(store, name)[0] == []
    assert_whole(store, name)


@pytest.mark.parametrize("damage", [halved, a_pipe, of_another_trial])
def test_what_waits_on_disk_and_is_damaged_is_kept_under_another_name_and_measured_again(store, name, damage):
    with pytest.raises(TrackingAway):
        launch(Mlflow("http://127.0.0.1:9"), name)
    waiting = Path("folder/spool") / LOST
    damage(waiting)
    trained, said = launch(store, name)
    assert trained == [1]
    assert str(waiting) in said
    assert_whole(store, name)
    assert [path.name for path in Path("folder/spool").iterdir()] == [f"{LOST}.damaged"]


def test_damage_that_comes_again_takes_no_earlier_ones_name(tmp_path):
    for _ in range(3):
        (tmp_path / LOST).write_bytes(b"PAR1")
        assert len(Spool(tmp_path).damaged) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{LOST}.damaged{end}" for end in ("", "-2", "-3")]


def test_files_that_are_no_trials_are_left_alone_and_named(store, name):
    Path("folder/spool").mkdir(parents=True)
    for stranger in ("trial_abc.parquet", "trial_1.parquet", "trial_²0000.parquet"):
        Path("folder/spool", stranger).write_bytes(b"mine")
    trained, said = launch(store, name)
    assert trained == [0, 1]
    assert "trial_abc.parquet" in said
    assert len(list(Path("folder/spool").iterdir())) == 3


def test_a_spool_that_is_no_folder_is_refused_before_anything_is_measured(store, name):
    Path("folder").mkdir()
    Path("folder/spool").write_text("mine")
    with pytest.raises(InputError, match="spool must be a folder"):
        launch(store, name)


def test_files_that_were_removed_while_the_study_ran_are_sent_again(store, name):
    writer = StudyWriter(store, make_info(name), Path("folder"), make_shown)
    with writer:
        for number in TRIALS:
            writer.write(make_result(number))
        shutil.rmtree(connect(store).get_experiment_by_name(name).artifact_location)
    assert_whole(store, name)
