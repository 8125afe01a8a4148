"""What was read, of trials that may have read differently."""

from gradstudy.words.data_words import either


def test_what_all_trials_read_is_said_once():
    assert either([{"rows": "50", "file": "a.csv"}] * 3) == {"rows": "50", "file": "a.csv"}
    assert either([{}, {}]) == {}


def test_what_trials_read_differently_is_said_of_each_up_to_a_few():
    windows = [{"rows": "50", "windows": f"of {length} rows"} for length in (4, 8, 16, 32, 64)]
    told = either([*windows, {}])
    assert told["rows"] == "50"
    assert told["windows"] == (
        "of 4 rows; in other trials of 8 rows; in other trials of 16 rows; in other trials 2 others"
    )
