"""Sequences that are too long for what a time step passes back."""

from dataclasses import fields

from gradstudy.report.diagnosis.judgement import trend_direction
from gradstudy.report.diagnosis.suspects.suspect import TELLING, Case, Suspect, beyond, log_range, options
from gradstudy.words.number_words import compact
from gradstudy.words.prescription_words import and_list


def longer_than_memory(case: Case) -> Suspect | None:
    """What comes back falls, or grows, by a factor per time step, and there are too many of them.

    A recurrent network multiplies by the same matrix at every step (Bengio, Simard & Frasconi 1994); gates, or an
    orthogonal matrix, keep the factor near 1 (Hochreiter & Schmidhuber 1997; Saxe et al. 2014).
    """
    symptoms, sign = case.symptoms, trend_direction(case.symptoms)
    if symptoms.kind != "time step" or not sign or not case.ill.any() or abs(symptoms.gain) > 1e3 * symptoms.distance:
        return None
    rate, is_plain = abs(symptoms.gain) / symptoms.distance, case.choices["model"] == "rnn"
    lengths = _lengths(case)
    ways = [*(["shorter sequences"] if lengths else []), *(["gates (model=lstm, gru)"] if is_plain else [])]
    ways += ["an orthogonal init"] if case.choices["init"] != "orthogonal" else []
    ways += ["a smaller init.gain", "clipping"] if sign > 0 else []
    said = (
        f"{symptoms.distance + 1} time steps, each of which passes {compact(10 ** (sign * rate))} of the signal back "
        f"under {case.choices['init']}: after {max(1, round(1 / rate))} it is {'a tenth' if sign < 0 else 'tenfold'}. "
        f"{'Answers nearby hide that from the loss. ' if symptoms.far else ''}"
        f"What {'carries it further' if sign < 0 else 'holds it'}: {and_list(ways)}."
    )
    space = {"init": options(case.choices["init"], "default", "orthogonal")}
    if sign > 0:
        gain = float(case.parts["init"].gain)
        space["init.gain"] = log_range(gain, gain / max(10 ** (3 * rate), 1.2))
        space |= {"clipping": options("none", "norm")} if case.choices["clipping"] == "none" else {}
    if len(lengths) > 1:
        space["task.length"] = options(*map(str, lengths))
    if is_plain:
        space["model"] = "choice(rnn,gru)"
    return Suspect("length of the sequence", said, TELLING + beyond(10 ** abs(symptoms.gain)) / 2, space)


def _lengths(case: Case) -> list[int]:
    """The length of the task's sequences, and shorter ones as far as it allows; none where it cannot be chosen."""
    task = case.parts["task"]
    least = [one.metadata.get("at_least", 1) for one in fields(task) if one.name == "length"]
    return [max(task.length // part, int(least[0])) for part in (1, 4, 10)] if least else []
