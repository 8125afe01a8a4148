"""Going on with a study's search: in a database, or in the journal of the study's folder."""

from pathlib import Path

from optuna.storages import BaseStorage

from gradstudy.errors import InputError
from gradstudy.search.base import AskTell, Kept
from gradstudy.search.storage import begin_anew, open_storage


def open_search(search: AskTell, database: BaseStorage | None, folder: Path, kept: Kept) -> None:
    """Opens the search of the study that `folder` is named by; InputError when a database holds another one's trials.

    The folder is of this study alone, so that a journal of other trials than its own can only be a damaged one.
    """
    if database:
        search.open(database, folder.name, kept)
        return
    try:
        search.open(open_storage("", folder, kept.say), folder.name, kept)
    except InputError:
        begin_anew(folder, "it holds other trials than this study's", kept.say)
        search.open(open_storage("", folder, kept.say), folder.name, kept)
