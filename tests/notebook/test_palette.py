"""Can everybody tell the verdicts apart?"""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gradstudy.notebook.palette import VERDICT_COLOURS
from gradstudy.records import VERDICTS

SEEN = {  # Machado, Oliveira & Fernandes 2009, severity 1.0: linear RGB as a dichromat sees it
    "everybody": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_LMS = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
          [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
TO_OKLAB = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
DISTINCT = 0.08
"""In OKLab (Ottosson 2020), where 0.02 is about what the eye can just tell apart."""


def oklab(colour, seen):
    srgb = np.array(to_rgb(colour))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return TO_OKLAB @ np.cbrt(np.array(TO_LMS) @ np.clip(np.array(seen) @ linear, 0.0, 1.0))


def test_every_verdict_has_a_colour():
    assert list(VERDICT_COLOURS) == list(VERDICTS)


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("pair", list(combinations(VERDICTS, 2)), ids="-".join)
def test_any_two_verdicts_look_different_to_any_eyes(eyes, pair):
    one, other = (oklab(VERDICT_COLOURS[verdict], SEEN[eyes]) for verdict in pair)
    assert np.linalg.norm(one - other) > DISTINCT
