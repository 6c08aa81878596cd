"""Train the progressive GAN of Karras et al. 2017, which grows from 4x4 pixels up, on any images.

    python scripts/13_progressive_gan.py                          digits, in minutes
    python scripts/13_progressive_gan.py --paper                  CIFAR-10, the paper's sizes
    python scripts/13_progressive_gan.py --data celeba --size 128
    python scripts/13_progressive_gan.py --data folder --data-dir DIR --size 64
    python scripts/13_progressive_gan.py --resume                 continue after an interruption

Small settings are used with MNIST and the drawn digits.
"""

import dataclasses

from gan_tf1 import figures, seeds
from gan_tf1.data import images
from gan_tf1.errors import script
from gan_tf1.models import progressive_gan as model
from gan_tf1.report import page
from gan_tf1.training import command_line, graph_memory, run_figures
from gan_tf1.training.run_results import load_samples

import numpy as np

SHOWN = 8   # samples in a row of growth.png
LARGE = 64  # from this many pixels on, the memory of the last graph is checked before any training
SMALL = command_line.Small(  # checkpoints/progressive_gan has their results on CIFAR-10
    {"images": 56_000, "phase_images": 8000, "interval_images": 4000, "z_dim": 64, "max_maps": 32,
     "map_pixels": 256, "learning_rate": 0.005, "average_decay": 0.99},
    "the paper's sizes, 512 feature maps and 12 million images: 750,000 steps, work for a GPU",
    ("mnist", "drawn"))


def milestones(stages, config):
    """`(name, epoch)` for the end of each stage, and for five moments of the last fade-in, in order."""
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
    job = command_line.parse(argv, __doc__, model, images.CHOICES, small=SMALL)
    config, stages = job.config, model.stages(job.config)
    data = images.load(job.data, config.resolution, job.data_dir)
    channels = data.train.shape[-1]
    shape = (config.samples, config.resolution, config.resolution) + (3,) * (channels == 3)
    epochs = sum(stage.images for stage in stages) // config.interval_images
    steps = config.interval_images // config.batch_size

    if config.resolution >= LARGE and len(stages) > 1:
        with job.loop.new_graph(job.seed).as_default() as graph:
            model.build(config, stages[-1], channels)
            graph_memory.refuse_graph(graph, dataclasses.asdict(config), shape)
    with job.training(data._replace(train=images.Rows(data.train)), shape,
                      stages[-1], channels) as training:
        last, done = 0, training.epochs_done()
        for number, stage in enumerate(stages):
            first, last = last, last + stage.images // config.interval_images
            if last <= min(done, epochs - 1):
                # It is trained already. The last stage is entered even then: epochs() says that it is complete.
                continue
            train_set = images.Rows(images.resized(data.train, stage.resolution),
                                    seed=[job.seed, seeds.ORDER, number])
            training.new_graph()
            gan = model.build(config, stage, channels)
            take_step = training.stepper(model.step, gan, train_set, config, steps)
            for epoch in training.epochs(epochs, gan.gen_vars, (first, last), gan.carried):
                totals = None
                for _ in range(steps):
                    totals = model.tally(totals, take_step())
                losses = model.report(training.sess, gan, totals, stage, config)
                line = model.log_line(epoch * config.interval_images, config.images, losses)
                training.log(line, epoch=epoch, **losses)
                samples = model.sample(training.sess, gan, training.noise(), config.samples, config)
                training.keep_samples(samples)

    what = training.title("progressive GAN")
    run_figures.of_run(training.path, what, counted="images", each=config.interval_images,
                       loss_label="mean over an interval (the critic's units)")
    names, ends = zip(*milestones(stages, config))
    grown = load_samples(training.path)[np.subtract(ends, 1), :SHOWN]
    figure = figures.sample_grid(grown.reshape(-1, *shape[1:]), f"Samples as it grows: {what}",
                                 grown.shape[1], 0.8, names)
    print(figures.save(figure, training.path / "figures" / "growth.png"))
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
