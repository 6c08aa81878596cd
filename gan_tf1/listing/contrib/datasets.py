"""`tf.contrib.learn.datasets.base`: tables in CSV files, and downloads that don't happen here."""

import collections
import csv
import os

import numpy as np

from gan_tf1.listing.old_libraries import urlretrieve

__all__ = ["Dataset", "Datasets", "load_csv_with_header", "load_csv_without_header",
           "maybe_download", "urlretrieve_with_retry"]

Dataset = collections.namedtuple("Dataset", ["data", "target"])
Datasets = collections.namedtuple("Datasets", ["train", "validation", "test"])


def load_csv_with_header(filename, target_dtype, features_dtype, target_column=-1):
    """A `Dataset` of a CSV file whose first line begins with the numbers of rows and of columns."""
    with open(filename, newline="") as file:
        rows = csv.reader(file)
        count, columns = map(int, next(rows)[:2])
        found = _dataset(rows, target_dtype, features_dtype, target_column)
    if found.data.shape != (count, columns):
        raise ValueError(f"{filename} has {found.data.shape} numbers, its header says "
                         f"{(count, columns)}")
    return found


def load_csv_without_header(filename, target_dtype, features_dtype, target_column=-1):
    """A `Dataset` of a CSV file in which every line is an example."""
    with open(filename, newline="") as file:
        return _dataset(csv.reader(file), target_dtype, features_dtype, target_column)


def _dataset(rows, target_dtype, features_dtype, target_column):
    rows = list(rows)
    target = np.array([row.pop(target_column) for row in rows], target_dtype)
    return Dataset(np.array(rows, features_dtype), target)


def maybe_download(filename, work_directory, source_url):
    """The path of `filename` in `work_directory`.

    Raises OSError, which says what to get, if the file isn't there: nothing is downloaded.
    """
    path = os.path.join(work_directory, filename)
    urlretrieve(source_url, path)
    return path


def urlretrieve_with_retry(url, filename=None):
    """Like `urllib.request.urlretrieve` in a listing, which downloads nothing."""
    return urlretrieve(url, filename)
