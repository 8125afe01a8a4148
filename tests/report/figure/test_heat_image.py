"""The picture of a map: which colour a field has, and what has no size."""

import io

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from gradstudy.report.figure.heat_image import FINE, colour_stops, data_address, heat_png, scale_of

CIVIDIS = (255 * colormaps["cividis"](np.linspace(0, 1, 64))[:, :3]).round()


def pixels(png):
    return np.array(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float)


def test_a_field_is_one_pixel_of_the_colour_at_its_place_in_the_scale():
    found = pixels(heat_png(np.array([[-4.0, -2.0, 0.0], [-9.0, 3.0, -4.0]]), (-4.0, 0.0)))
    assert found.shape == (2, 3, 3)
    assert np.array_equal(found[0], CIVIDIS[[0, 32, 63]])
    assert np.array_equal(found[1], CIVIDIS[[0, 63, 0]])  # what lies beyond has the colour of the end


def test_zero_is_black_with_white_and_not_finite_vermilion_with_white():
    found = pixels(heat_png(np.array([[-np.inf, np.inf, 0.0]]), (-1.0, 1.0)))
    rows, columns = found.shape[:2]
    assert rows >= FINE[0]
    assert columns >= FINE[1]
    zero, broken, known = np.split(found, 3, axis=1)
    assert {tuple(colour) for colour in zero.reshape(-1, 3)} == {(0, 0, 0), (255, 255, 255)}
    assert {tuple(colour) for colour in broken.reshape(-1, 3)} == {(0xD5, 0x5E, 0), (255, 255, 255)}
    assert {tuple(colour) for colour in known.reshape(-1, 3)} == {tuple(CIVIDIS[32])}


@pytest.mark.parametrize(
    ("decades", "scale"),
    [
        ([-3.2, 1.0], (-4.0, 2.0)),
        ([0.0], (-1.0, 1.0)),
        ([-np.inf, np.inf], (-1.0, 1.0)),
        ([-308.0, 308.0, np.inf], (-309.0, 309.0)),
    ],
)
def test_a_scale_holds_everything_finite_in_whole_decades(decades, scale):
    assert scale_of(np.array(decades)) == scale


def test_a_tail_is_left_beyond_either_end():
    decades = np.array([-300.0, *np.linspace(-5.0, 0.0, 998), 300.0])
    assert scale_of(decades, 0.01) == (-6.0, 1.0)


def test_the_address_holds_the_picture_and_the_stops_go_from_dark_to_bright():
    assert data_address(heat_png(np.zeros((1, 1)), (-1.0, 1.0))).startswith("data:image/png;base64,iVBOR")
    assert colour_stops(2) == ("#00224e", "#fee838")
