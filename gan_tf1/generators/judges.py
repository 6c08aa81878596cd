"""Restore the networks that judge images: the classifier of digits, one of photographs, or a segmentation net."""

import contextlib

from gan_tf1.config import make
from gan_tf1.data import facades, labelled
from gan_tf1.errors import InputError
from gan_tf1.evaluation import classifier as mnist_classifier, image_classifier, segmentation
from gan_tf1.generators import restore
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training.run_config import read_config_of
from gan_tf1.training.run_results import is_complete


def refuse_others(given, own, chapter, data=None, **settings):
    """Raise InputError if a report's judge can't judge what it is meant for.

    It is the one at `given`, or if that is None, the one at `own` in the folder of the runs, if it is
    complete already: another command may have made it. See `refuse_other` for the rest.
    """
    if given:
        refuse_other(given, chapter, data, **settings)
    elif is_complete(own):
        refuse_other(own, chapter, data, "give another --work-dir", **settings)


def refuse_other(path, chapter, data=None, remedy=None, **settings):
    """Raise InputError if the judge in the run directory `path` can't judge what it is meant for.

    It must be a run of `chapter` with these `settings`, trained on `data` (a key of `labelled.CHOICES`)
    if that is given, and it must have a generator to restore. The message ends with the `remedy`, which is
    to train another judge if it is None.
    """
    stored = read_config_of(chapter, path, "the judge")
    for name, wanted in settings.items():
        if stored["settings"].get(name) != wanted:
            raise InputError(f"the judge {path} has {name} {stored['settings'].get(name)}, not {wanted}: "
                             + (remedy or f"train one with --{name} {wanted}"))
    if data is not None and stored["data"] != data:
        raise InputError(f"the judge {path} was trained on {stored['data_title']}: "
                         + (remedy or f"train one with --data {data}"))
    restore.newest_generator(path)


@contextlib.contextmanager
def digits(path):
    """A context with the classifier of digits in the run directory `path`, as `judge(images)`.

    It returns `(probabilities, features)`, float64 [n, 10] and [n, 64], for images [n, 784] in [0, 1].
    Raises InputError if `path` is not a run of train_mnist_classifier.py.
    """
    stored = read_config_of(mnist_classifier.CHAPTER, path, "the classifier")
    with _restored(path, stored, mnist_classifier) as judge:
        yield judge


@contextlib.contextmanager
def classifier(path):
    """A context with the classifier in the run directory `path`, as `judge(images)`.

    It returns `(probabilities, features)`, float64 [n, K] and [n, 64], for images uint8 [n, s, s, 3].
    Raises InputError if `path` is not a run of train_image_classifier.py.
    """
    stored = read_config_of(image_classifier.CHAPTER, path, "the classifier")
    with _restored(path, stored, image_classifier,
                   labelled.number_of_classes(stored["data"])) as judge:
        yield judge


@contextlib.contextmanager
def segmentation_net(path):
    """A context with the segmentation net in the run directory `path`, as `judge(images)`.

    It returns the class of every pixel, int32 [n, s, s], for images uint8 [n, s, s, 3]. Raises
    InputError if `path` is not a run of train_segmentation.py.
    """
    stored = read_config_of(segmentation.CHAPTER, path, "the segmentation net")
    with _restored(path, stored, segmentation, len(facades.CLASSES)) as judge:
        yield judge


@contextlib.contextmanager
def _restored(path, stored, model, *classes):
    with new_graph(0).as_default():
        net = model.build(make(model.Config, stored["settings"]), *classes)
        with tf.Session(config=session_config()) as sess:
            restore.restore_generator(path, net.variables, sess)
            yield lambda images: model.judge(sess, net, images)
