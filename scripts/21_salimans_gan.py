"""Train the semi-supervised GAN of Salimans et al. 2016, each step with a labelled minibatch.

    python scripts/21_salimans_gan.py                          narrow networks, 2,600 steps
    python scripts/21_salimans_gan.py --paper                  the paper: 900 epochs of SVHN
    python scripts/21_salimans_gan.py --label-seed 1           with other labelled examples
    python scripts/21_salimans_gan.py --unlabelled-weight 0    on the labelled images alone
    python scripts/21_salimans_gan.py --resume                 continue after an interruption
"""

from gan_tf1.data import svhn
from gan_tf1.data.labelled_first import LabelledFirst
from gan_tf1.errors import script
from gan_tf1.models import salimans_gan as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures

SAMPLES = 50
SMALL = command_line.Small(  # ten minutes of one core
    {"epochs": 14, "decay_epochs": 6, "epoch_steps": 130, "batch_size": 50, "learning_rate": 0.001,
     "input_drop_rate": 0.1, "drop_rate": 0.2, "gen_channels": 16, "disc_channels": 16},
    "900 epochs (658,800 steps of 100 images) of a discriminator four times and a generator eight "
    "times as wide: work for a GPU")


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, svhn.CHOICES, small=SMALL)
    config = job.config
    data = svhn.load(job.data, job.data_dir, config.num_labels, seed=job.seed,
                     labels=config.labels, label_seed=config.label_seed, tested=config.tested)
    data = data._replace(train=LabelledFirst(data.train))
    steps, epochs = config.epoch_steps, config.epochs + config.decay_epochs

    with job.training(data, (SAMPLES, *model.REAL_SIZE)) as training:
        net = model.build(config)
        take_step = training.stepper(model.step, net, data.train, config, steps)
        for epoch in training.epochs(epochs, net.gen_vars):
            if epoch == 1:
                model.initialize(training.sess, net, data.train, training.rng, config)
            totals = None
            for _ in range(steps):
                totals = model.tally(totals, take_step())
            report = model.report(training.sess, net, totals, data.train, config)
            line = model.log_line(epoch, epochs, report)
            training.log(line, epoch=epoch, **report)
            samples = model.sample(training.sess, net, training.noise(), SAMPLES, config)
            training.keep_samples(samples)

    where = training.title("semi-supervised GAN of Salimans et al.")
    run_figures.of_run(training.path, where, columns=10, inches=0.8, accuracies=True)
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
