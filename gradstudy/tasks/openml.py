"""Any data set of OpenML, by name or number."""

import warnings
from dataclasses import dataclass, replace
from functools import cache
from math import isqrt
from urllib.error import HTTPError

import pandas as pd
from sklearn import datasets

from gradstudy.parts import number
from gradstudy.tasks.column_choice import Wanted, choose
from gradstudy.tasks.columns import data_of
from gradstudy.tasks.feature_task import Data, Features


@dataclass(frozen=True)
class OpenMl(Features):
    """A public data set of openml.org (Vanschoren et al. 2013), by name or number.

    `id` is its number there and goes before name and version; 0 means none. With `image` the features are the pixels
    of a square, or of three of them, one per colour. Targets and text are treated as in task=table; a fixed fifth, at
    most 1000 rows, is held out. Downloaded once, into scikit-learn's own folder (SCIKIT_LEARN_DATA).
    """

    name: str = "mnist_784"
    id: int = number(0, at_least=0)
    version: int = number(1, at_least=1)
    image: bool = False
    standardize: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.name and not self.id:
            raise ValueError("name or id must say which data set of OpenML, got neither: write task.name=mnist_784")
        self.data()  # a data set that cannot be had is told at the door

    def data(self) -> Data:
        return _fetched(self.name, self.id, self.version, self.image)


@cache
def _fetched(name: str, number_there: int, version: int, image: bool) -> Data:
    field = f"id={number_there}" if number_there else f"name={name} version={version}"
    asked = {"data_id": number_there} if number_there else {"name": name, "version": version}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "A network error occurred")  # it tries again; we say so if it gives up
            found = datasets.fetch_openml(**asked, as_frame=True, parser="auto")
        if not isinstance(found.target, pd.Series):
            raise ValueError("it does not say which one column is to be predicted")
        frame = found.data.set_axis(list(map(str, found.data.columns)), axis=1)
        wanted = Wanted(target=f"target {found.target.name}")
        frame.insert(0, f"target {found.target.name}", found.target)
        data = data_of(choose(frame, wanted, all_of_them=True), wanted, ways=False)
    except HTTPError as error:
        raise ValueError(
            f"{field}: OpenML answered {error.code} {error.reason}; choose another data set, or try again"
        ) from error
    except OSError as error:
        raise ValueError(
            f"{field} is not in {datasets.get_data_home()}, where scikit-learn keeps what it downloaded, and OpenML "
            f"could not be reached ({error}): connect once, set SCIKIT_LEARN_DATA to a folder that has it, or use "
            "task=digits, which needs no download"
        ) from error
    except ValueError as error:  # nothing of that name, no table, or columns that cannot be read
        raise ValueError(f"{field}: {error}; choose another data set, or save it as a file for task=table") from error
    return _as_images(data) if image else data


def _as_images(data: Data) -> Data:
    features = data.inputs.shape[1]
    channels = next((count for count in (1, 3) if count * isqrt(features // count) ** 2 == features), None)
    if channels is None:
        raise ValueError(f"image needs the pixels of one square or of three, got {features} features: use image=false")
    shape = (-1, channels, *[isqrt(features // channels)] * 2)
    return replace(data, inputs=data.inputs.reshape(shape), held_out_inputs=data.held_out_inputs.reshape(shape))
