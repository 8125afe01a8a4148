"""The folder in which this user's launches keep what they can make again: nothing but time depends on it."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Where gradstudy keeps, for this user, what it can make again."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return Path(given if os.path.isabs(given) else os.path.expanduser("~/.cache")) / "gradstudy"
