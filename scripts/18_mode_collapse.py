"""Train a GAN that loses modes on demand, with or without a remedy: two cities, or digits.

    python scripts/18_mode_collapse.py                     two cities: a generator that cycles
    python scripts/18_mode_collapse.py --gen-steps 1       the same networks keep both cities
    python scripts/18_mode_collapse.py --remedy packing    or another remedy
    python scripts/18_mode_collapse.py --data mnist --disc-steps 3 --gen-steps 1 \\
        --learning-rate 0.001 --hidden-size 128 --z-size 64        digits: half of them are ones
    python scripts/18_mode_collapse.py --loop graph        sooner
    python scripts/18_mode_collapse.py --resume            go on after an interruption

The log ends with what became of the modes (shares.csv, figures/collapse.png).
Many runs side by side: scripts/mode_collapse_report.py.
"""

from gan_tf1 import figures
from gan_tf1.config import intervals
from gan_tf1.data import digits, two_cities
from gan_tf1.errors import script
from gan_tf1.experiments import mode_collapse
from gan_tf1.models import remedies_gan as model
from gan_tf1.training import command_line, run_figures, training

import numpy as np

CHOICES = (two_cities.KEY, *digits.CHOICES)


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model.CHAPTER, model.Config, CHOICES)
    config = job.config
    epochs = intervals(config)
    model.check(config)
    data = mode_collapse.load(job.data, job.data_dir, [job.seed, 1])
    size = data.train.images.shape[1]
    rng = np.random.default_rng([job.seed, 0])

    def sample(sess):  # of the same noise every time
        return model.sample(sess, gan, np.random.default_rng([job.seed, 2]), config.samples, config)

    with job.open(data, (config.samples, size)) as run, job.new_graph().as_default():
        gan = model.build(config, size)
        training.fit(
            run, epochs=epochs, steps=config.sample_interval,
            step=lambda sess, train_set, rng: model.step(sess, gan, train_set, rng, config),
            report=lambda sess, fetched: model.report(*fetched),
            log_line=lambda epoch, losses: model.log_line(epoch * config.sample_interval, losses),
            sample=sample, picture=figures.grid_png if size > 1 else None, train_set=data.train,
            rng=rng, gen_vars=gan.gen_vars, loop=job.loop, closing=mode_collapse.tell)

    remedy = "no remedy" if config.remedy == "none" else config.remedy.replace("_", " ")
    where = run.title(f"GAN, {remedy}, updates of D to G {config.disc_steps} : {config.gen_steps},",
                      "remedy", "disc_steps", "gen_steps")
    if size > 1:
        run_figures.of_run(run.path, where, each=config.sample_interval, counted="iteration",
                           columns=10, inches=0.6)
    mode_collapse.draw(run.path, f"Modes over training: {where}")


if __name__ == "__main__":
    main()
