"""The cores of this machine that this process may use."""

import os


def cores() -> int:
    """How many: those that a scheduler or container binds it to, where that is known, and else all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
