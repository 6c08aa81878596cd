"""Train the progressive GAN of Karras et al. 2017, from 4x4 pixels up, on images of any subject.

    python scripts/13_progressive_gan.py                          digits, in minutes
    python scripts/13_progressive_gan.py --paper                  CIFAR-10, the paper's sizes
    python scripts/13_progressive_gan.py --data celeba --size 128
    python scripts/13_progressive_gan.py --data folder --data-dir DIR --size 64
    python scripts/13_progressive_gan.py --resume                 go on after an interruption

Small settings are used with MNIST and the drawn digits.
"""

import dataclasses

from gan_tf1 import figures
from gan_tf1.data import images
from gan_tf1.errors import script
from gan_tf1.models import progressive_gan as model
from gan_tf1.training import command_line, graph_memory, run_figures, training
from gan_tf1.training.run_results import load_samples

import numpy as np

SHOWN = 8  # samples in a row of the figure of growth
LARGE = 64  # pixels from which on the last graph is tried for size before the first is trained
SMALL = command_line.Small(  # what these settings give: checkpoints/progressive_gan/step_size.png
    {"images": 56_000, "phase_images": 8000, "interval_images": 4000, "z_dim": 64, "max_maps": 32,
     "map_pixels": 256, "learning_rate": 0.005, "average_decay": 0.99},
    "the paper's sizes, 512 feature maps and 12 million images: 750,000 steps, a GPU's work",
    ("mnist", "drawn"))


def milestones(stages, config):
    """`(name, epoch)` of each stage's end, and of five moments of the last fade-in, in order."""
    found, epoch = [], 0
    for number, stage in enumerate(stages):
        size = f"{stage.resolution}x{stage.resolution}"
        faded = stage.fade_images // config.interval_images
        if faded and number == len(stages) - 1:
            found += [(f"{size}, alpha {done / faded:.2f}", epoch + done) for done in
                      np.unique(np.linspace(1, faded, 5).astype(int))]
        epoch += stage.images // config.interval_images
        found.append((size, epoch))
    return found


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, images.CHOICES, small=SMALL)
    config, stages = job.config, model.stages(job.config)
    data = images.load(job.data, config.resolution, job.data_dir)
    channels = data.train.shape[-1]
    shape = (config.samples, config.resolution, config.resolution) + (3,) * (channels == 3)
    rng = np.random.default_rng([job.seed, 0])
    interval = config.interval_images
    epochs = sum(stage.images for stage in stages) // interval

    def sample(sess):  # of the same noise every time
        return model.sample(sess, gan, np.random.default_rng([job.seed, 2]), config.samples, config)

    if config.resolution >= LARGE and len(stages) > 1:
        with job.new_graph().as_default() as graph:
            model.build(config, stages[-1], channels)
            graph_memory.refuse_graph(graph, dataclasses.asdict(config), shape)
    with job.open(data._replace(train=images.Rows(data.train)), shape) as run:
        last, done = 0, training.epochs_done(run)
        for number, stage in enumerate(stages):
            first, last = last, last + stage.images // interval
            if last <= min(done, epochs - 1):  # of a complete run, `fit` says that it is
                continue
            train_set = images.Rows(images.resized(data.train, stage.resolution),
                                    seed=[job.seed, 1, number])
            with job.new_graph().as_default():
                gan = model.build(config, stage, channels)
                training.fit(
                    run, epochs=epochs, part=(first, last), carried=gan.carried,
                    steps=interval // config.batch_size,
                    step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
                    tally=lambda total, fetched, seconds: model.tally(total, fetched),
                    report=lambda sess, total: model.report(sess, gan, stage, config, total),
                    log_line=lambda epoch, losses: model.log_line(epoch * interval, losses),
                    sample=sample, train_set=train_set, rng=rng, gen_vars=gan.gen_vars,
                    loop=job.loop)

    what = run.title("progressive GAN")
    run_figures.of_run(run.path, what, counted="images", each=interval,
                       loss_label="mean over an interval (the critic's units)")
    names, ends = zip(*milestones(stages, config))
    grown = load_samples(run.path)[np.subtract(ends, 1), :SHOWN]
    figure = figures.sample_grid(grown.reshape(-1, *shape[1:]), f"Samples as it grows: {what}",
                                 grown.shape[1], 0.8, names)
    print(figures.save(figure, run.path / "figures" / "growth.png"))


if __name__ == "__main__":
    main()
