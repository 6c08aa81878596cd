"""Pairs of images, made from images or read from pictures side by side or from TFDS; their metrics."""

import numpy as np
import pytest
from PIL import Image

from gan_tf1.data import images, pairs
from gan_tf1.errors import InputError
from gan_tf1.evaluation import pair_metrics

RED, GREEN, BLUE = np.eye(3, dtype=np.uint8) * 200


def square(colour, size=8):
    return np.full((size, size, 3), colour, np.uint8)


def put(path, *halves):
    """Write a picture with `halves` side by side, as a PNG, which is lossless."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(halves, axis=1)).save(path)


# --- inputs made from images ---

def test_grey_is_that_of_pillow_and_leaves_grey_images_unchanged():
    stack = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    found = pairs.grey(stack)
    expected = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in stack])
    assert np.abs(found[..., 0].astype(int) - expected).max() <= 1
    assert (found == found[..., :1]).all() and (pairs.grey(found) == found).all()


def test_an_edge_is_as_dark_as_the_step_is_high():
    stack = np.full((2, 8, 8, 3), 20, np.uint8)
    stack[0, :, 4:] = 120
    found = pairs.edges(stack)
    expected = np.full(8, 255)
    expected[3:5] = 155
    np.testing.assert_array_equal(found[0, ..., 1], np.tile(expected, (8, 1)))
    assert (found[1] == 255).all()  # the other image does not influence it
    assert (pairs.edges(stack.swapaxes(1, 2)) == found.swapaxes(1, 2)).all()
    black = np.zeros((1, 8, 8, 3), np.uint8)
    black[:, 4:, 4:] = 255
    assert pairs.edges(black).min() >= 0 and pairs.edges(black)[0, 0, 0, 0] == 255


def test_a_mask_leaves_a_frame():
    stack = np.full((2, 8, 8, 3), 9, np.uint8)
    found = pairs.masked(stack)
    assert (found[:, 2:6, 2:6] == pairs.MASKED).all() and (found == 9).sum() == 2 * 48 * 3
    assert (stack == 9).all()


@pytest.mark.parametrize("task", pairs.TASKS)
def test_pairs_of_a_folder_of_images(tmp_path, task):
    for number in range(20):
        put(tmp_path / "photos" / f"{number:02d}.png", square((number * 10, 0, 100)))
    found = pairs.load("folder", 8, task, data_dir=tmp_path / "photos", seed=3)
    inputs, targets = found.train.columns
    assert inputs.shape == targets.shape == (18, 8, 8, 3) and len(found.test[0]) == 2
    np.testing.assert_array_equal(inputs, pairs.TASKS[task][0](targets))
    assert targets[1, 0, 0].tolist() == [10, 0, 100]
    assert found.title == f"20 images of photos, {pairs.TASKS[task][1]}"
    back = pairs.load("folder", 8, task, "BtoA", tmp_path / "photos")
    assert (back.train.columns[0] == targets).all() and (back.test[1] == found.test[0]).all()
    assert back.title.endswith(", B to A")
    files = [tmp_path / "photos" / "01.png"]
    made = pairs.translatable(files, "folder", 8, task, "AtoB")
    np.testing.assert_array_equal(made, inputs[1:2])
    np.testing.assert_array_equal(pairs.translatable(files, "folder", 8, task, "BtoA"),
                                  targets[1:2])
    np.testing.assert_array_equal(pairs.translatable(files, "pairs", 8, task, "AtoB"),
                                  targets[1:2])


def test_digits_are_given_three_channels(monkeypatch):
    stack = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 1), np.uint8)
    monkeypatch.setattr(images, "load", lambda *_: images.Images(
        "drawn", "drawn digits (synthetic)", stack, stack, None, None))
    found = pairs.load("drawn", 32, "mask")
    assert found.train.columns[1].shape == (4, 32, 32, 3)
    assert "synthetic" in found.title and found.key == "drawn"
    with pytest.raises(InputError, match="--size 256 is more than the 32 pixels of --data drawn"):
        pairs.load("drawn", 256)


# --- pictures side by side ---

@pytest.fixture
def facades(tmp_path):
    for part, count in (("train", 5), ("val", 2), ("test", 3)):
        for number in range(count):
            put(tmp_path / "facades" / part / f"{number}.png", square(RED + number),
                square(BLUE + number))
    return tmp_path / "facades"


def test_the_left_half_is_the_input_unless_b_to_a(facades):
    found = pairs.load("pairs", 8, data_dir=facades)
    inputs, targets = found.train.columns
    assert inputs[:, 0, 0].tolist() == [(RED + number).tolist() for number in range(5)]
    assert targets[:, 7, 7].tolist() == [(BLUE + number).tolist() for number in range(5)]
    assert found.title == "pairs of facades" and found.key == "pairs"
    assert [len(part) for part in found.test] == [2, 2]  # val/, before test/
    back = pairs.load("pairs", 8, direction="BtoA", data_dir=facades)
    assert (back.train.columns[0] == targets).all() and (back.test[1] == found.test[0]).all()
    assert back.train.fingerprint() != found.train.fingerprint()
    x, y = found.train.next_batch(2)
    assert x.dtype == np.float32 and -1 <= x.min() and y.max() <= 1
    assert [len(part) for part in pairs.load("pairs", 4, data_dir=facades).test] == [2, 2]


def test_pictures_without_folders_are_split(tmp_path):
    for number in range(20):
        put(tmp_path / f"{number:02d}.png", square(number), square(100 + number))
    found = pairs.load("pairs", 8, data_dir=tmp_path)
    assert found.test[0][:, 0, 0, 0].tolist() == [9, 19]
    assert found.test[1][:, 0, 0, 0].tolist() == [109, 119]
    assert found.train.num_examples == 18


def test_what_is_not_a_pair_is_named(tmp_path):
    with pytest.raises(InputError, match="--data pairs needs --data-dir"):
        pairs.load("pairs", 8)
    put(tmp_path / "single.png", square(RED))
    with pytest.raises(InputError, match="single.png has 8 x 8 pixels: a pair is two squares"):
        pairs.load("pairs", 8, data_dir=tmp_path)
    (tmp_path / "single.png").unlink()
    put(tmp_path / "pair.png", square(RED), square(BLUE))
    with pytest.raises(InputError, match="there must be pairs for training and others"):
        pairs.load("pairs", 8, data_dir=tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="broken.png can't be read"):
        pairs.load("pairs", 8, data_dir=tmp_path)


# --- TFDS ---

def store(folder, name, **splits):
    """Write a TFDS data set `name` to `folder`, whose examples have one or more images."""
    from gan_tf1.tf1 import load
    load()
    import tensorflow_datasets as tfds
    example = next(iter(splits.values()))[0]
    features = {key: tfds.features.Image(shape=(None, None, 3), encoding_format="png")
                if isinstance(value, np.ndarray) else tfds.features.Text()
                for key, value in example.items()}
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name, version="1.0.0", features=tfds.features.FeaturesDict(features),
        split_datasets={part: list(enumerate(some)) for part, some in splits.items()},
        data_dir=folder, disable_shuffling=True)


@pytest.fixture(scope="module")
def tfds_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    examples = [{"photo": square(RED + number, 8 + 2 * number), "label": square(BLUE, 8),
                 "name": str(number)} for number in range(5)]
    store(folder, "streets", train=examples, test=examples[:2])
    store(folder, "whole", train=2 * examples)
    store(folder, "lonely", train=[{"photo": square(RED), "name": "a"}])
    return folder


def test_a_tfds_data_set_with_two_images(tfds_folder):
    found = pairs.load("tfds", 8, data_dir=tfds_folder, tfds_name="streets", seed=0)
    inputs, targets = found.train.columns
    assert found.title == "streets, label to photo"
    assert inputs.shape == targets.shape == (5, 8, 8, 3) and len(found.test[0]) == 2
    assert (inputs == BLUE).all()
    assert targets[:, 4, 4].tolist() == [(RED + number).tolist() for number in range(5)]
    back = pairs.load("tfds", 8, "colour", "BtoA", tfds_folder, "streets")
    assert (back.train.columns[0] == targets).all()
    whole = pairs.load("tfds", 8, data_dir=tfds_folder, tfds_name="whole")  # the tenth pair is held out
    assert whole.train.num_examples == 9 and whole.test[1][:, 4, 4].tolist() == [[204, 4, 4]]


def test_a_tfds_data_set_that_is_missing_or_has_no_pairs_is_named(tfds_folder):
    with pytest.raises(InputError, match="--data tfds needs --tfds-name"):
        pairs.load("tfds", 8, data_dir=tfds_folder)
    with pytest.raises(InputError, match="nothing is not in .*: give a TFDS folder"):
        pairs.load("tfds", 8, data_dir=tfds_folder, tfds_name="nothing")
    with pytest.raises(InputError, match=r"lonely has 1 image feature \(photo\), but a pair needs two"):
        pairs.load("tfds", 8, data_dir=tfds_folder, tfds_name="lonely")
    [shard] = (tfds_folder / "streets" / "1.0.0").glob("*train.*")
    content = shard.read_bytes()
    shard.write_bytes(content[:len(content) // 2])
    with pytest.raises(InputError, match=r"streets.* can't be read \(split train\)"):
        pairs.load("tfds", 8, data_dir=tfds_folder, tfds_name="streets")
    shard.write_bytes(content)


# --- metrics of translations ---

def test_errors_and_psnr():
    targets = np.stack([square(100), square(50)])
    found = targets.copy()
    found[0, :, :, 0] += 30  # a third of all values
    np.testing.assert_allclose(pair_metrics.absolute_error(found, targets), [10, 0])
    assert pair_metrics.absolute_error(targets, found).tolist() == [10, 0]  # bytes do not overflow
    psnr = pair_metrics.psnr(found, targets)
    assert psnr[0] == pytest.approx(10 * np.log10(255 ** 2 / 300))
    assert psnr[1] == pytest.approx(58.92, abs=0.01)  # that of rounding errors alone


def test_colourfulness():
    """It is 0 for grey; one colour has only the term of the means; stripes also have that of the variation."""
    stripes = square(RED)
    stripes[:, ::2] = BLUE
    found = pair_metrics.colourfulness(np.stack([square(77), square(RED), stripes]))
    # rg: 200; yb: 100. Stripes: rg 200 or 0, yb 100 or -200.
    np.testing.assert_allclose(found, [0, 0.3 * np.hypot(200, 100),
                                       np.hypot(100, 150) + 0.3 * np.hypot(100, -50)])


def test_colour_overlap_compares_distributions_not_positions():
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 256, (4, 8, 8, 3), np.uint8)
    assert pair_metrics.colour_overlap(stack, stack) == 1
    assert pair_metrics.colour_overlap(stack[:, ::-1, ::-1], stack) == 1
    assert pair_metrics.colour_overlap(square(RED)[None], square(BLUE)[None]) == 0
    half = np.stack([square(RED), square(9)])
    assert pair_metrics.colour_overlap(half, square(9)[None]) == 0.5


def test_the_mean_colour_of_each_grey_level():
    inputs = np.stack([square(10), square(10), square(20)])
    targets = np.stack([square(RED), square(BLUE), square(GREEN)])
    table = pair_metrics.mean_colours(inputs, targets)
    assert table[10].tolist() == [100, 0, 100] and table[20].tolist() == [0, 200, 0]
    assert table[30].tolist() == [30, 30, 30]  # this level does not occur, so grey stays grey
    assert pair_metrics.by_level(inputs, table)[0, 0, 0].tolist() == [100, 0, 100]
    lines = pair_metrics.table([("by level", pair_metrics.by_level(inputs, table))], targets)
    assert len(lines) == 3 and lines[1].startswith("by level") and lines[2].startswith("targets")
