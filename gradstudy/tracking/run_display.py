"""What is stored with a run for people alone: nothing of it is ever read back."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RunDisplay:
    """What does a person see who opens a run in MLflow? Its description, a `note` in Markdown, and `files` by name."""

    note: str
    files: Mapping[str, bytes]
