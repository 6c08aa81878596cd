"""Train and test a classifier of colour images, with which generated and translated images are judged.

    python scripts/train_image_classifier.py --data svhn --data-dir SVHN_subset --no-mirror
    python scripts/train_image_classifier.py --data folder --data-dir horse2zebra --size 64
    python scripts/train_image_classifier.py --resume     continue after an interruption

The classes are the ten digits of SVHN or of drawn street numbers, the ten classes of CIFAR-10, or two
sets of images without pairs: --data folder reads DIR/trainA, trainB, testA and testB. The result is
the share of held-out images that are classified correctly, with a 95 % interval.
"""

from gan_tf1.data import labelled
from gan_tf1.errors import script
from gan_tf1.evaluation import image_classifier as model
from gan_tf1.evaluation.statistics import share_in_words
from gan_tf1.generators import judges
from gan_tf1.training import command_line
from gan_tf1.wording import quantity


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, labelled.CHOICES, in_graph=False, reportable=False)
    config = job.config
    data = labelled.load(job.data, config.size, job.data_dir, job.seed)
    steps = max(1, data.train.num_examples // config.batch_size)

    with job.training(data, sample_shape=()) as training:
        net = model.build(config, len(data.classes))
        take_step = training.stepper(model.step, net, data.train, config, steps)
        for epoch in training.epochs(config.epochs, net.variables):
            totals = None
            for _ in range(steps):
                totals = model.tally(totals, take_step())
            report = model.report(training.sess, net, totals, data.test_images, data.test_labels)
            line = model.log_line(epoch, config.epochs, report)
            training.log(line, epoch=epoch, **report)

    with judges.classifier(training.path) as judge:
        probabilities, _ = judge(data.test_images)
    right = probabilities.argmax(axis=1) == data.test_labels
    share, interval = share_in_words(right)
    print(f"{share} of {quantity(len(right), 'held-out image')} of {data.title} are classified "
          f"correctly ({interval})")


if __name__ == "__main__":
    main()
