"""Square images of any subject: their sizes, folders and batches."""

import pathlib

import numpy as np
import pytest

from gan_tf1.data import images, source
from gan_tf1.errors import InputError
from gan_tf1.tf1 import load, new_graph


def test_drawn_digits_get_a_black_margin():
    found = images.load("drawn", 32)
    assert found.train.shape == (55000, 32, 32, 1) and found.train.dtype == np.uint8
    assert "synthetic" in found.title
    assert found.train[:, :2].max() == found.train[:, :, -2:].max() == 0
    assert found.train[:, 2:-2, 2:-2].max() == 255 and len(found.test_labels) == 10000


def test_smaller_images_are_means_of_blocks_and_larger_ones_repeat_pixels():
    stack = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1) * 10
    np.testing.assert_array_equal(images.resized(stack, 2)[0, ..., 0], [[25, 45], [105, 125]])
    larger = images.resized(stack, 8)[0, ..., 0]
    np.testing.assert_array_equal(larger[::2, ::2], stack[0, ..., 0])
    np.testing.assert_array_equal(larger[1::2, 1::2], stack[0, ..., 0])
    with pytest.raises(InputError, match="4 pixels can't be resized to 3"):
        images.resized(stack, 3)


def picture(path, width, height, colour):
    from PIL import Image
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), colour).save(path)


def test_a_folder_is_read_in_order_and_cropped_and_every_tenth_image_is_held_out(tmp_path):
    for number in range(20):
        picture(tmp_path / "faces" / f"{number:02d}.png", 12, 8, (number * 10, 0, 0))
    found = images.load("folder", 4, tmp_path / "faces")
    assert found.train.shape == (18, 4, 4, 3) and found.title == "20 images of faces"
    assert found.test[:, 0, 0, 0].tolist() == [90, 190]
    assert found.train[:9, 0, 0, 0].tolist() == list(range(0, 90, 10))


def test_the_square_is_the_centre_of_the_picture(tmp_path):
    from PIL import Image
    pixels = np.zeros((4, 12, 3), np.uint8)
    pixels[:, 4:8] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert (images.read(tmp_path / "a.png", 4) == 255).all()
    assert images.read(tmp_path / "a.png").shape == (4, 12, 3)


def test_an_image_that_is_written_is_read_unchanged(tmp_path):
    colour = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    for image in (colour, colour[..., :1]):
        images.write(image, tmp_path / "new" / "image.png")
        found = images.read(tmp_path / "new" / "image.png")
        np.testing.assert_array_equal(found, np.broadcast_to(image, (5, 7, 3)))


def test_grey_levels_are_rounded_and_clipped():
    levels = images.as_bytes(np.array([-2, -1, -1 + 0.9 / 255, -1 + 1.1 / 255, 0, 1, 1.5]))
    assert levels.tolist() == [0, 0, 0, 1, 128, 255, 255] and levels.dtype == np.uint8


def test_a_path_that_is_not_a_folder_or_not_an_image_is_named(tmp_path):
    with pytest.raises(InputError, match="needs --data-dir"):
        images.load("folder", 4)
    with pytest.raises(InputError, match="is not a folder"):
        images.load("folder", 4, tmp_path / "none")
    with pytest.raises(InputError, match="has no images"):
        images.load("folder", 4, tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="broken.png can't be read"):
        images.load("folder", 4, tmp_path)
    picture(tmp_path / "broken.png", 8, 8, (0, 0, 0))
    content = (tmp_path / "broken.png").read_bytes()
    (tmp_path / "broken.png").write_bytes(content.replace(b"IDAT", b"\0\0\0\0"))  # Pillow: "broken PNG file"
    with pytest.raises(InputError, match="broken.png can't be read: it is not an image, or it is damaged"):
        images.read(tmp_path / "broken.png")
    with pytest.raises(InputError, match="--data flowers is not known"):
        images.load("flowers", 32)


def test_rows_of_all_columns_stay_together_and_every_epoch_shows_each_once():
    left = np.arange(10, dtype=np.uint8)[:, None]
    rows = images.Rows(left, left + 100, seed=3)
    seen = []
    for _ in range(5):
        a, b = rows.next_batch(4)
        np.testing.assert_array_equal(np.rint((b - a) * 127.5), np.full((4, 1), 100))
        seen += np.rint((a[:, 0] + 1) * 127.5).astype(int).tolist()
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10)) and seen[:10] != seen[10:]
    with pytest.raises(InputError, match="a batch of 11"):
        rows.next_batch(11)


def test_a_restored_state_gives_the_same_batches():
    column = np.arange(50, dtype=np.uint8)[:, None]
    rows, other = images.Rows(column, seed=1), images.Rows(column, seed=2)
    for _ in range(7):
        rows.next_batch(9)
    other.restore(rows.state())
    for _ in range(9):
        np.testing.assert_array_equal(rows.next_batch(9)[0], other.next_batch(9)[0])
    assert rows.fingerprint() == other.fingerprint() != images.Rows(column[::-1]).fingerprint()


# --- faces ---

@pytest.fixture
def faces(tmp_path):
    """The path of a TFDS data set with a few small faces, in the format of CelebA."""
    load()
    import tensorflow_datasets as tfds

    def portraits(count, brightness):
        for number in range(count):
            image = np.zeros((10, 6, 3), np.uint8)  # like those of CelebA, higher than wide
            image[2:8] = brightness + number
            yield number, {"image": image, "attributes": {"Smiling": number % 2 == 0}}

    builder = tfds.dataset_builders.store_as_tfds_dataset(
        "celeb_a", version="2.0.1", data_dir=tmp_path,
        features=tfds.features.FeaturesDict({
            "image": tfds.features.Image(shape=(10, 6, 3), encoding_format="png"),
            "attributes": {"Smiling": np.bool_}}),
        split_datasets={"train": portraits(7, 100), "test": portraits(3, 200)},
        disable_shuffling=True)
    return pathlib.Path(builder.data_dir)


def test_faces_are_cropped_to_the_central_square_and_read_one_by_one(faces, monkeypatch):
    monkeypatch.setattr(source, "read", lambda *_: pytest.fail("read as a whole"))
    new_graph(0)  # an earlier run in the same process leaves this state
    found = images.load("celeba", 3, faces.parent.parent)
    assert (found.key, found.title) == ("celeba", "CelebA")
    assert found.train.shape == (7, 3, 3, 3) and found.train.dtype == np.uint8
    for number, image in enumerate(found.train):  # the margins above and below are cut off
        assert (image == 100 + number).all()
    assert found.test[:, 0, 0, 0].tolist() == [200, 201, 202]
    assert found.train_labels is None


def test_faces_that_are_missing_or_cut_short_are_named(faces, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(InputError, match="CelebA is not in .*elsewhere: prepare it"):
        images.load("celeba", 4, tmp_path / "elsewhere")
    [part] = faces.glob("*-train.tfrecord*")
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(InputError, match="can't be read .split train."):
        images.load("celeba", 4, faces.parent.parent)


def test_a_photograph_is_turned_as_its_camera_says(tmp_path):
    from PIL import Image
    picture = np.zeros((4, 8, 3), np.uint8)
    picture[:, :4] = 255  # bright on the left
    image = Image.fromarray(picture)
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    image.save(tmp_path / "turned.png", exif=exif)
    found = images.read(tmp_path / "turned.png")
    assert found.shape == (8, 4, 3) and (found[:4] == 255).all() and not found[4:].any()
