"""Train and test the classifier with which scripts/evaluate.py judges samples.

    python scripts/train_mnist_classifier.py             as the shipped one was trained
    python scripts/train_mnist_classifier.py --resume    continue after an interruption
"""

from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.evaluation import classifier as model
from gan_tf1.generators import sample_files
from gan_tf1.training import command_line
from gan_tf1.wording import quantity


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, digits.CHOICES, in_graph=False, reportable=False)
    config = job.config
    data = digits.load(job.data, job.data_dir, seed=job.seed)
    steps = data.train.steps(config.batch_size)

    with job.training(data, sample_shape=()) as training:
        net = model.build(config)
        take_step = training.stepper(model.step, net, data.train, config, steps)
        for epoch in training.epochs(config.epochs, net.variables):
            totals = None
            for _ in range(steps):
                totals = model.tally(totals, take_step())
            report = model.report(training.sess, net, totals, data.validation)
            line = model.log_line(epoch, config.epochs, report)
            training.log(line, epoch=epoch, **report)

    [(probabilities, _)] = sample_files.judged(training.path, [data.test.images])
    wrong = int((probabilities.argmax(axis=1) != data.test.labels).sum())
    count = data.test.num_examples
    print(f"on {quantity(count, 'test image')} of {data.title}: {quantity(wrong, 'error')}, "
          f"accuracy {1 - wrong / count:.4f}")


if __name__ == "__main__":
    main()
