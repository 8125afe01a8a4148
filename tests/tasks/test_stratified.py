"""Rows held out of every class alike are scikit-learn's, draw by draw; and so are the digits."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from gradstudy.tasks.digits import split
from gradstudy.tasks.stratified import stratified


@pytest.mark.parametrize(("classes", "rows", "count"), [(2, 10, 4), (3, 50, 7), (5, 997, 200), (10, 400, 399 // 3)])
def test_the_rows_are_those_of_train_test_split(classes, rows, count):
    labels = np.random.default_rng(rows).integers(classes, size=rows)
    expected = train_test_split(np.arange(rows), test_size=count, random_state=0, stratify=labels)
    for own, theirs in zip(stratified(labels, count), expected, strict=True):
        np.testing.assert_array_equal(own, theirs)


def test_equal_classes_share_what_is_left_over_as_scikit_learn_does():
    labels = np.repeat(np.arange(7), 9)
    expected = train_test_split(np.arange(63), test_size=10, random_state=0, stratify=labels)
    for own, theirs in zip(stratified(labels, 10), expected, strict=True):
        np.testing.assert_array_equal(own, theirs)


def test_the_digits_are_scikit_learns_and_bit_for_bit_those_that_were_split_by_it():
    pixels, labels = load_digits(return_X_y=True)
    expected = train_test_split(pixels / 16, labels, test_size=0.2, random_state=0, stratify=labels)
    for own, theirs in zip(split(), expected, strict=True):
        assert own.dtype == theirs.dtype
        np.testing.assert_array_equal(own, theirs)
