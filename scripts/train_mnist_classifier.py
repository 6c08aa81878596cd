"""Train the classifier that judges samples (scripts/evaluate.py), and test it.

    python scripts/train_mnist_classifier.py             made the one that is shipped
    python scripts/train_mnist_classifier.py --resume    go on after an interruption
"""

from gan_tf1.data import digits
from gan_tf1.errors import script
from gan_tf1.evaluation import classifier as model
from gan_tf1.generators import sample_files
from gan_tf1.models import mnist_gan
from gan_tf1.training import command_line, training

import numpy as np


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, digits.CHOICES, in_graph=False)
    config = job.config
    data = digits.load(job.data, job.data_dir, seed=[job.seed, 1])
    steps = mnist_gan.steps_per_epoch(data.train, config)
    rng = np.random.default_rng([job.seed, 0])

    with job.open(data, sample_shape=()) as run, job.new_graph().as_default():
        net = model.build(config)
        training.fit(
            run, epochs=config.epochs, steps=steps,
            step=lambda sess, train_set, rng: model.step(sess, net, train_set, rng, config),
            tally=lambda tally, fetched, seconds: model.tally(tally, *fetched),
            report=lambda sess, tally: model.report(sess, net, data.validation, tally),
            log_line=lambda epoch, figures: model.log_line(epoch, config.epochs, figures),
            sample=None, train_set=data.train, rng=rng, gen_vars=net.variables)

    [(probabilities, _)] = sample_files.judged(run.path, [data.test.images])
    wrong = int((probabilities.argmax(axis=1) != data.test.labels).sum())
    count = data.test.num_examples
    print(f"on {count} test images of {data.title}: {wrong} errors, accuracy "
          f"{1 - wrong / count:.4f}")


if __name__ == "__main__":
    main()
