"""The variance shift between training with dropout and testing without it (Li et al. 2019).

Dropout at rate r divides the units that it keeps by 1 - r, so that their mean stays, but not their
variance. Batch norm behind it therefore sees a larger variance in training than in tests. Moving
averages that are collected in training pass on that variance to the tests, where it is wrong.

Here the discriminator of a finished run of the semi-supervised GAN is tested with each kind of
statistics. Its weights stay the same; only moving averages are collected again.
"""

import pathlib
from typing import NamedTuple

import numpy as np

from gan_tf1.config import make
from gan_tf1.data import svhn
from gan_tf1.errors import InputError
from gan_tf1.evaluation.statistics import mean_and_error
from gan_tf1.experiments.semi_supervised import classify
from gan_tf1.generators.sample_files import restored
from gan_tf1.models import semi_supervised_svhn as model
from gan_tf1.models.parts.semi_supervised_networks import net_of
from gan_tf1.tables import lines
from gan_tf1.tf1 import tf
from gan_tf1.training.run_config import read_config

BATCHES = 600  # of training images; the earlier averages then have a weight of 0.99 ** 600, 0.2 %
KINDS = {"batch": "of the test batch", "saved": "as the run saved them",
         "on": "collected again with dropout", "off": "collected again without dropout"}


class Shift(NamedTuple):
    """What the statistics of one run cost."""
    accuracies: dict    # kind -> test accuracy in [0, 1], for each of `KINDS`
    ratios: np.ndarray  # [layers of batch norm]: mean over channels of the variance that is
                        # collected with dropout, divided by that without


def of_run(path: pathlib.Path, data_dir: pathlib.Path | None = None) -> Shift:
    """The `Shift` of the complete run at `path`; its data are in `data_dir`, or where they were.

    Raises InputError if its network has no dropout, if it is another chapter's or an older
    version's, or if the data are not those of the run.
    """
    stored = read_config(path)
    if stored["chapter"] != model.CHAPTER:
        raise InputError(f"{path} is a run of {stored['chapter']}: give a run of script 04")
    if "test_statistics" not in stored["settings"]:  # "corrected" was another network then
        raise InputError(f"{path} was trained by an older version, whose networks differ: train it "
                         "again")
    config = make(model.Config, stored["settings"])
    if net_of(config).dropout_never_fires or not config.drop_rate:
        raise InputError(f"{path} was trained without dropout, so there is no shift: give a run "
                         "with --variant corrected or mend_dropout")
    train = svhn.load(
        stored["data"], data_dir or stored["data_dir"], config.num_labels, stored["seed"],
        label_repeats=config.label_repeats, labelled_only=config.supervised_only,
        labels=config.labels, label_seed=config.label_seed, tested=config.tested,
        zero_label=config.zero_label).train
    if train.fingerprint() != stored["data_crc32"]:
        raise InputError(f"{path} was trained on other data: give its folder with --data-dir")
    with restored(path, model, test_statistics="batch") as (sess, net, _, _):
        accuracies = {"batch": accuracy(sess, net, train, config)}
    variances = {}
    with restored(path, model, test_statistics="as_trained") as (sess, net, _, _):
        accuracies["saved"] = accuracy(sess, net, train, config)
        moving = [var for var in net.gen_vars if var.op.name.startswith("discriminator/")
                  and var.op.name.endswith("/moving_variance")]
        for kind, rate in (("on", config.drop_rate), ("off", 0.)):
            collect(sess, net, train, config, rate)
            accuracies[kind] = accuracy(sess, net, train, config)
            variances[kind] = sess.run(moving)
    return Shift(accuracies, np.array([
        np.mean(on / off) for on, off in zip(variances["on"], variances["off"])]))


def collect(sess, net, train, config, rate) -> None:
    """Update the moving averages with `BATCHES` of training images, dropping units at this rate."""
    # Those of the first pass over data, in which units are dropped at the rate that is fed.
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope="discriminator/")
    step = tf.train.get_global_step()  # it decides which units are dropped
    for number in range(BATCHES):
        x, _, _ = train.next_batch(config.batch_size)
        step.load(number, sess)
        sess.run(updates, {net.input_real: x, net.drop_rate: rate})


def accuracy(sess, net, train, config) -> float:
    """The share of the test images of `train` that are classified correctly."""
    right = [classify(sess, net, x) == y
             for x, y in train.batches(config.batch_size, which_set="test")]
    return float(np.concatenate(right).mean())


def table(names: list[str], shifts: list[Shift]) -> list[str]:
    """The lines of two tables: test accuracies, and ratios of variances layer by layer."""
    rows = [(name, *(f"{100 * shift.accuracies[kind]:.1f}" for kind in KINDS))
            for name, shift in zip(names, shifts)]
    if len(shifts) > 1:
        rows.append(("mean +- standard error", *(
            "{:.1f} +- {:.1f}".format(*mean_and_error([
                100 * shift.accuracies[kind] for shift in shifts])) for kind in KINDS)))
    # A network with x6 has one more batch norm than one without.
    count = max(len(shift.ratios) for shift in shifts)
    layers = [f"layer {number}" for number in range(2, 2 + count)]
    return ["test accuracy (%) with the statistics", *lines(("", *KINDS.values()), rows), "",
            "variance with dropout, divided by that without", *lines(("", *layers), [
                (name, *(f"{ratio:.2f}" for ratio in shift.ratios),
                 *["-"] * (count - len(shift.ratios)))
                for name, shift in zip(names, shifts)])]
