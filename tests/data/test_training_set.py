"""Every training set fulfils the contract on which the training loops rely."""

import json

import numpy as np
import pytest

from gan_tf1.data import (
    digits, images, labelled, labelled_first, mixtures, mnist, svhn, two_cities, unpaired)
from gan_tf1.data.order import Order
from gan_tf1.data.training_set import TrainingSet, checksum
from gan_tf1.errors import InputError

N = 23
LABELS = np.arange(N, dtype=np.uint8) % 10


def pictures(*shape):
    return np.random.default_rng(1).integers(0, 256, (N, *shape), np.uint8)


def streets():
    arrays = svhn.Arrays(pictures(32, 32, 3), LABELS.astype(np.int32), pictures(32, 32, 3)[:3],
                         LABELS[:3].astype(np.int32))
    return svhn.Dataset(arrays, np.arange(N) < 5)


SETS = {
    "mnist.DataSet": lambda: mnist.DataSet(pictures(28, 28), LABELS),
    "digits.Pool": lambda: digits.Pool(mnist.DataSet(pictures(28, 28), LABELS)),
    "svhn.Dataset": streets,
    "labelled_first.LabelledFirst": lambda: labelled_first.LabelledFirst(streets()),
    "images.Rows": lambda: images.Rows(pictures(4, 4, 3), pictures(4, 4, 1)),
    "labelled.LabelledRows": lambda: labelled.LabelledRows(pictures(4, 4, 3), LABELS),
    "unpaired.TwoSets": lambda: unpaired.TwoSets(pictures(4, 4, 3), pictures(4, 4, 3)[:9]),
    "mixtures.Points": lambda: mixtures.load("grid", N, 0).train,
    "two_cities.Temperatures": lambda: two_cities.load(0, N).train}


@pytest.fixture(params=SETS)
def make(request):
    return SETS[request.param]


def as_tuple(batch):
    return tuple(np.asarray(column) for column in batch)


def test_every_training_set_of_the_package_is_here():
    """Every class with `stored` is a training set, except `mnist.Examples`, the base class of two of them."""
    found = {f"{module.__name__.split('.')[-1]}.{name}"
             for module in (digits, images, labelled, labelled_first, mixtures, mnist, svhn,
                            two_cities, unpaired)
             for name, one in vars(module).items() if isinstance(one, type)
             and one.__module__ == module.__name__ and hasattr(one, "stored")}
    assert found - {"mnist.Examples"} == set(SETS)


def test_it_has_everything_in_the_contract(make):
    train_set = make()
    assert isinstance(train_set, TrainingSet)
    assert train_set.num_examples == N and type(train_set.carries_over) is bool


def test_an_object_that_lacks_something_is_not_a_training_set():
    assert not isinstance(mnist.Examples(pictures(784), LABELS), TrainingSet)  # it lacks a state
    assert not isinstance(np.zeros(3), TrainingSet)


def test_its_stored_columns_decoded_are_what_a_step_draws(make):
    train_set = make()
    stored = train_set.stored()
    assert all(len(column) == N for column in stored)
    decoded = as_tuple(train_set.decode(*stored))
    if hasattr(train_set, "images"):
        drawn = train_set.images[::-1], train_set.labels[::-1]
        decoded = tuple(column[::-1] for column in decoded)
    else:
        drawn = train_set.next_batch(N)
        rows = make().order.rows(N)  # the same seed, so the same order
        decoded = tuple(column[rows] for column in decoded)
    for one, other in zip(decoded, as_tuple(drawn), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_a_restored_state_continues_the_batches(make):
    train_set, other = make(), make()
    if not hasattr(train_set, "next_batch"):
        assert train_set.state() == {}
        return train_set.restore({})
    for _ in range(4):
        train_set.next_batch(7)
    other.restore(json.loads(json.dumps(train_set.state())))
    assert other.state() == train_set.state()
    for _ in range(9):
        for one, another in zip(train_set.next_batch(7), other.next_batch(7), strict=True):
            np.testing.assert_array_equal(one, another)


def test_only_equal_examples_have_the_same_fingerprint(make):
    train_set = make()
    crc = train_set.fingerprint()
    assert len(crc) == 8 and int(crc, 16) >= 0
    if hasattr(train_set, "next_batch"):
        train_set.next_batch(5)  # the order does not count
    assert make().fingerprint() == train_set.fingerprint() == crc
    kept = {name: getattr(train_set, name) for name in ("images", "labels", "celsius", "columns", "arrays")
            if hasattr(train_set, name)}
    for name, value in kept.items():
        for number, column in enumerate(value if isinstance(value, tuple) else [value]):
            computed = name == "images" and {"celsius", "arrays"} & set(kept)
            if computed or name == "arrays" and number > 1:
                continue  # computed from another column, or only used for testing
            column[3] = 255 - column[3]
            assert train_set.fingerprint() != crc, (name, number)
            column[3] = 255 - column[3]


def test_a_checksum_depends_on_all_bytes_in_order():
    one, two = np.arange(6, dtype=np.uint8), np.arange(6, 9, dtype=np.uint8)
    assert checksum(one, two) == checksum(np.concatenate([one, two]))
    assert checksum(one, two) != checksum(two, one)
    assert checksum(np.frombuffer(b"123456789", np.uint8)) == "cbf43926"  # the check value of CRC-32


# --- the order ---

@pytest.mark.parametrize("carries_over, sizes", [(True, 6 * [4]), (False, [4, 4, 2, 4, 4, 2])])
def test_the_last_batch_of_an_epoch_is_filled_up_or_cut_short(carries_over, sizes):
    order = Order(10, 3, carries_over)
    batches = [order.rows(4) for _ in range(6)]
    assert [len(rows) for rows in batches] == sizes
    seen = np.concatenate(batches)
    assert sorted(seen[:10]) == sorted(seen[10:20]) == list(range(10))
    assert (seen[:10] != seen[10:20]).any()


def test_both_orders_have_the_same_epochs():
    whole = [np.concatenate([order.rows(5) for _ in range(6)])
             for order in (Order(10, 3), Order(10, 3, carries_over=False))]
    np.testing.assert_array_equal(*whole)


@pytest.mark.parametrize("carries_over", [True, False])
@pytest.mark.parametrize("drawn", range(6))
def test_an_order_can_be_restored_at_any_batch(carries_over, drawn):
    order, other = Order(10, 3, carries_over), Order(10, 99, carries_over)
    for _ in range(drawn):
        order.rows(4)
    other.restore(json.loads(json.dumps(order.state())))
    assert other.state() == order.state() and other.batches_left(4) == order.batches_left(4)
    for _ in range(7):
        np.testing.assert_array_equal(order.rows(4), other.rows(4))


def test_batches_left_counts_down_to_the_epochs_end():
    order, left = Order(10, 0, carries_over=False), []
    for _ in range(4):
        left.append(order.batches_left(4))
        order.rows(4)
    assert left == [3, 2, 1, 3]


def test_a_batch_that_cannot_be_drawn_is_refused():
    for order, size in ((Order(10), 11), (Order(10), 0), (Order(10, carries_over=False), 0)):
        with pytest.raises(InputError, match=f"a batch of {size} can't be drawn from 10 examples"):
            order.rows(size)
    assert sorted(Order(10, carries_over=False).rows(11)) == list(range(10))
