"""Train and test a net that labels the pixels of facades, with which translations are judged.

    python scripts/train_segmentation.py --data-dir facades --size 64
    python scripts/train_segmentation.py --resume         continue after an interruption

--data-dir is the folder of facades as the authors of pix2pix provide them, with a photograph on the
left and its labels on the right, in train/ and test/. The result has the three numbers of the paper's
tables, for the held-out photographs: they are the bound for translations of labels to photographs.
"""

from gan_tf1.data import facades
from gan_tf1.errors import script
from gan_tf1.evaluation import segmentation as model
from gan_tf1.generators import judges
from gan_tf1.training import command_line
from gan_tf1.wording import percent, quantity


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, ("facades",), in_graph=False, reportable=False)
    config = job.config
    data = facades.load(job.data_dir, config.size, job.seed)
    steps = max(1, data.train.num_examples // config.batch_size)

    with job.training(data, sample_shape=()) as training:
        net = model.build(config, len(facades.CLASSES))
        take_step = training.stepper(model.step, net, data.train, config, steps)
        for epoch in training.epochs(config.epochs, net.variables):
            totals = None
            for _ in range(steps):
                totals = model.tally(totals, take_step())
            report = model.report(training.sess, net, totals, data.test_images, data.test_labels)
            line = model.log_line(epoch, config.epochs, report)
            training.log(line, epoch=epoch, **report)

    with judges.segmentation_net(training.path) as judge:
        predicted = judge(data.test_images)
    found = model.scores(model.confusion(predicted, data.test_labels, len(facades.CLASSES)))
    print(f"{quantity(len(predicted), 'held-out photograph')} of {data.title}: "
          + ", ".join(f"{name} {percent(value, 1)}" for name, value in found.items()))


if __name__ == "__main__":
    main()
