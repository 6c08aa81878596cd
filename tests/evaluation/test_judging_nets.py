"""The nets that judge photographs, a classifier and a segmentation net: losses, shapes, scores, changes."""

import re

import numpy as np
import pytest

from conftest import without_training
from gan_tf1.errors import InputError
from gan_tf1.evaluation import augmentation, image_classifier, segmentation
from gan_tf1.tf1 import new_graph, session_config, tf


@pytest.fixture(scope="module")
def nets():
    """A session with both nets for images of 8 pixels: (sess, classifier, segmentation net)."""
    with new_graph(seed=1).as_default(), without_training(), tf.Session(config=session_config()) as sess:
        two = (image_classifier.build(image_classifier.Config(size=8, channels=3), 2), )
        with tf.variable_scope("other"):
            two += (segmentation.build(segmentation.Config(size=8, channels=3), 5), )
        sess.run(tf.global_variables_initializer())
        yield sess, *two


def pictures(count, size=8):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)


def test_shapes_and_ranges_of_what_the_nets_say(nets):
    sess, classifier, net = nets
    probabilities, features = image_classifier.judge(sess, classifier, pictures(3))
    assert probabilities.shape == (3, 2) and features.shape == (3, 64) and features.min() == 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    alone = image_classifier.judge(sess, classifier, pictures(3)[1:2])[0]
    np.testing.assert_allclose(alone[0], probabilities[1], rtol=1e-4)
    classes = segmentation.judge(sess, net, pictures(3))
    assert classes.shape == (3, 8, 8) and 0 <= classes.min() and classes.max() < 5
    widths = [var.shape[-1].value for var in net.variables if re.search("other.*kernel", var.op.name)]
    assert widths == [3, 6, 6, 3, 5]  # down, up, and the classes
    for judge, one in ((image_classifier.judge, classifier), (segmentation.judge, net)):
        with pytest.raises(InputError, match="images of 8 x 8 pixels in colour, not of shape"):
            judge(sess, one, pictures(1, 16))


def test_losses_of_literal_logits():
    logits, labels = np.array([[2.0, -1.0, 0.0], [0.0, 3.0, 1.0]]), np.array([0, 2])
    expected = (np.log(np.exp(logits).sum(axis=1)) - [2.0, 1.0]).mean()  # log sum exp(l) - l_label
    with new_graph(seed=0).as_default(), tf.Session(config=session_config()) as sess:
        loss, correct = sess.run(image_classifier.model_loss(tf.constant(logits),
                                                             tf.constant(labels, tf.int32)))
        of_pixels, share = sess.run(segmentation.model_loss(
            tf.constant(logits[None, None]), tf.constant(labels[None, None], tf.int32)))
    assert loss == pytest.approx(expected) == of_pixels and correct == 1 and share == 0.5


def test_totals_weigh_batches_by_their_size():
    totals = image_classifier.tally(image_classifier.tally(None, (4, 1.0, 3)), (2, 4.0, 0))
    assert totals.tolist() == [6, 12, 3]
    totals = segmentation.tally(segmentation.tally(None, (4, 1.0, 0.5)), (2, 4.0, 1.0))
    assert totals.tolist() == [6, 12, 4]


def test_the_three_scores_of_a_confusion_matrix():
    labels = np.array([[0, 0, 0, 1], [1, 2, 2, 2]])
    predicted = np.array([[0, 0, 1, 1], [0, 2, 2, 3]])
    counts = segmentation.confusion(predicted, labels, 4)
    assert counts.tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 2, 1], [0, 0, 0, 0]]
    found = segmentation.scores(counts)
    assert found["pixel accuracy"] == 5 / 8
    assert found["class accuracy"] == pytest.approx((2 / 3 + 1 / 2 + 2 / 3) / 3)  # without class 3
    assert found["class IoU"] == pytest.approx((2 / 4 + 1 / 3 + 2 / 3) / 3)


def test_images_and_labels_are_shifted_and_mirrored_alike():
    labels = np.arange(3 * 64).reshape(3, 8, 8)
    images = np.stack(2 * [labels], axis=-1)
    for change in (lambda rng: augmentation.shifted([images, labels], rng, 2),
                   lambda rng: augmentation.mirrored([images, labels], rng)):
        moved, with_it = change(np.random.default_rng(3))
        assert moved.shape == images.shape and (moved[..., 1] == with_it).all()
        assert (with_it != labels).any()
    centre = augmentation.shifted([labels], np.random.default_rng(0), 0)[0]
    assert (centre == labels).all()
    [far] = augmentation.shifted([labels[:1]], np.random.default_rng(4), 2)  # a window of the padded image
    padded = np.pad(labels[0], 2, mode="symmetric")
    assert any((padded[y:y + 8, x:x + 8] == far[0]).all() for y in range(5) for x in range(5))


def test_an_image_gets_one_contrast_and_one_brightness():
    images = np.random.default_rng(0).uniform(-1, 1, (4, 2, 2, 3)).astype(np.float32)
    changed = augmentation.relit(images, np.random.default_rng(1), 0.2)
    for image, other in zip(images, changed):
        gain, offset = np.polyfit(image.ravel(), other.ravel(), 1)
        assert abs(gain - 1) <= 0.2 and abs(offset) <= 0.2
        np.testing.assert_allclose(gain * image + offset, other, atol=1e-5)
