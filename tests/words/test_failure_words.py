"""What is said of trials that could not be trained."""

from gradstudy.records import Trial, TrialResult
from gradstudy.words.failure_words import failed_words, none_trained

SLOPE = "ValueError: too steep\n  mine.py:7, in forward: raise ValueError"
KILLED = "killed (signal 9): the machine may be out of memory"


def test_reasons_are_counted_the_commonest_first_with_a_trial_to_look_at():
    assert failed_words({}) == ""
    assert failed_words({9: KILLED, 3: SLOPE, 4: SLOPE}) == (
        "3 trials could not be trained and count in nothing: ValueError: too steep (2 trials, such as 3); "
        f"{KILLED} (1 trial, such as 9). The same command with retry=failed tries again."
    )
    assert failed_words({9: KILLED}).startswith("1 trial could not be trained and counts in nothing: killed")


def test_many_reasons_stay_a_sentence():
    assert "; 17 other reasons. The same" in failed_words({number: f"Error {number}" for number in range(20)})


def test_where_nothing_works_the_lines_that_lead_to_the_reason_are_shown():
    results = [TrialResult(Trial(n, {}, (f"lr.value={n}",)), (), (), failure=SLOPE) for n in (4, 2)]
    assert none_trained(results) == (
        "None of 2 trials could be trained, each for the same reason, and none is stored; mend it, and give the same "
        f"command again. Trial 4 (lr.value=4): {SLOPE}"
    )
    assert "could be trained, 2 for the same reason" in none_trained(
        [*results, TrialResult(Trial(0, {}, ()), (), (), failure=KILLED)]
    )
