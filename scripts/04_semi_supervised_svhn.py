"""Train the 11-class GAN on images of which few are labelled, and test it as a classifier.

    python scripts/04_semi_supervised_svhn.py                        5 epochs, in minutes
    python scripts/04_semi_supervised_svhn.py --paper                the chapter: 25 epochs
    python scripts/04_semi_supervised_svhn.py --variant corrected    its slips mended
    python scripts/04_semi_supervised_svhn.py --supervised-only      without the other images
    python scripts/04_semi_supervised_svhn.py --resume               go on after an interruption
"""

from gan_tf1 import figures
from gan_tf1.data import svhn
from gan_tf1.errors import script
from gan_tf1.models import semi_supervised_svhn as model
from gan_tf1.training import command_line, training
from gan_tf1.training.run_results import load_losses, load_samples

import numpy as np

SAMPLES = 50
SMALL = command_line.Small(  # checkpoints/semi_supervised/README.md has their results
    {"epochs": 5, "extra_class": 0, "label_repeats": 10, "drop_rate": 0.2, "learning_rate": 0.0006,
     "lr_shrink": 0.8},
    "25 epochs with the chapter's settings (14,325 steps on SVHN), half an hour on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, svhn.CHOICES, small=SMALL)
    config = job.config
    data = svhn.load(job.data, job.data_dir, config.num_labels, seed=[job.seed, 1],
                     label_repeats=config.label_repeats, labelled_only=config.supervised_only)
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # of the same noise every time
        return model.sample(sess, net, np.random.default_rng([job.seed, 2]), SAMPLES, config)

    with job.open(data, (SAMPLES, *model.REAL_SIZE)) as run, job.new_graph().as_default():
        net = model.build(config)
        training.fit(
            run, epochs=config.epochs, first_epoch=0,
            steps=data.train.steps(config.batch_size),
            step=lambda sess, train_set, rng: model.step(
                sess, net, train_set.next_batch(config.batch_size), rng, config),
            tally=lambda tally, fetched, seconds: model.tally(tally, *fetched, seconds),
            report=lambda sess, tally: model.report(sess, net, data.train, config, tally),
            log_line=model.log_line, sample=sample, train_set=data.train, rng=rng,
            gen_vars=net.gen_vars, loop=job.loop)

    losses, samples = load_losses(run.path), load_samples(run.path)
    where = run.title(f"semi-supervised GAN, {config.variant},", "variant")
    for name, figure in (
            ("accuracies", figures.accuracy_curves([("", losses)], f"Accuracy: {where}")),
            ("samples", figures.sample_grid(samples[-1], f"Last samples: {where}", 10, 0.8)),
            ("progress", figures.progress(samples, f"Samples over training: {where}"))):
        print(figures.save(figure, run.path / "figures" / f"{name}.png"))


if __name__ == "__main__":
    main()
