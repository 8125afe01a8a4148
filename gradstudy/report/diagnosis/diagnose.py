"""What is wrong with one measured configuration? For the terminal's page and `print(gradstudy.diagnose(measured))`."""

from gradstudy.measurement import Measurement
from gradstudy.report.diagnosis.sentences import diagnosis_sentences as sentences
from gradstudy.report.diagnosis.symptoms import symptoms_of


def diagnose(measured: Measurement) -> str:
    """What is wrong with the gradients of this configuration, and which options is it about? A sentence per line."""
    return "\n".join(sentences(symptoms_of(measured)))
