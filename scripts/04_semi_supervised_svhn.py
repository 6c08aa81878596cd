"""Train the 11-class GAN on mostly unlabelled images, and test its discriminator as a classifier.

    python scripts/04_semi_supervised_svhn.py                        5 epochs, in minutes
    python scripts/04_semi_supervised_svhn.py --paper                the chapter: 25 epochs
    python scripts/04_semi_supervised_svhn.py --variant corrected    its errors corrected
    python scripts/04_semi_supervised_svhn.py --supervised-only      on the labelled images alone
    python scripts/04_semi_supervised_svhn.py --resume               continue after an interruption
"""

from gan_tf1.data import svhn
from gan_tf1.errors import script
from gan_tf1.models import semi_supervised_svhn as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures

SAMPLES = 50
SMALL = command_line.Small(  # like those of checkpoints/semi_supervised/README.md, with larger batches
    {"epochs": 5, "extra_class": 0, "label_repeats": 10, "drop_rate": 0.2, "learning_rate": 0.0006,
     "lr_shrink": 0.8},
    "25 epochs with the chapter's settings (14,325 steps on SVHN), half an hour on two cores")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, svhn.CHOICES, small=SMALL)
    config = job.config
    data = svhn.load(job.data, job.data_dir, config.num_labels, seed=job.seed,
                     label_repeats=config.label_repeats, labelled_only=config.supervised_only,
                     labels=config.labels, label_seed=config.label_seed, tested=config.tested,
                     zero_label=config.zero_label)
    steps = data.train.steps(config.batch_size)

    with job.training(data, (SAMPLES, *model.REAL_SIZE)) as training:
        net = model.build(config)
        take_step = training.stepper(model.step, net, data.train, config, steps)
        for epoch in training.epochs(config.epochs, net.gen_vars):
            totals = None
            for _ in range(steps):
                taken = take_step()
                totals = model.tally(totals, taken, training.seconds)
            report = model.report(training.sess, net, totals, data.train, config)
            number = epoch - 1  # the chapter counts from 0
            line = model.log_line(number, config.epochs, report)
            training.log(line, epoch=number, **report)
            samples = model.sample(training.sess, net, training.noise(), SAMPLES, config)
            training.keep_samples(samples)

    where = training.title(f"semi-supervised GAN, {config.variant},", "variant")
    run_figures.of_run(training.path, where, columns=10, inches=0.8, accuracies=True)
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
