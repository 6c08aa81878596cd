"""Train a GAN that loses modes on demand, with or without a remedy: on two cities, or on digits.

    python scripts/18_mode_collapse.py                     two cities: the generator cycles
    python scripts/18_mode_collapse.py --gen-steps 1       the same networks keep both cities
    python scripts/18_mode_collapse.py --remedy packing    with a remedy
    python scripts/18_mode_collapse.py --data mnist --disc-steps 3 --gen-steps 1 \\
        --learning-rate 0.001 --hidden-size 128 --z-size 64        digits: half of them are ones
    python scripts/18_mode_collapse.py --loop graph        faster
    python scripts/18_mode_collapse.py --resume            continue after an interruption

The run ends with the shares of the modes over training (shares.csv, figures/collapse.png).
scripts/mode_collapse_report.py puts many runs side by side.
"""

from gan_tf1.config import intervals
from gan_tf1.data import digits, two_cities
from gan_tf1.errors import script
from gan_tf1.experiments import mode_collapse
from gan_tf1.models import remedies_gan as model
from gan_tf1.report import page
from gan_tf1.training import command_line, run_figures

CHOICES = (two_cities.KEY, *digits.CHOICES)


@script
def main(argv=None):
    job = command_line.parse(argv, __doc__, model, CHOICES)
    config = job.config
    model.check(config)
    data = mode_collapse.load(job.data, job.data_dir, job.seed)
    size = data.train.images.shape[1]
    every = config.sample_interval

    with job.training(data, (config.samples, size), size) as training:
        gan = model.build(config, size)
        take_step = training.stepper(model.step, gan, data.train, config, every)
        for interval in training.epochs(intervals(config), gan.gen_vars):
            for _ in range(every):
                taken = take_step()
            losses = model.report(training.sess, gan, taken)
            line = model.log_line(interval * every, config.iterations, losses)
            training.log(line, epoch=interval, **losses)
            samples = model.sample(training.sess, gan, training.noise(), config.samples, config)
            training.keep_samples(samples, picture=True if size > 1 else None)
        mode_collapse.write_shares(training.path)

    remedy = "no remedy" if config.remedy == "none" else config.remedy.replace("_", " ")
    where = training.title(
        f"GAN, {remedy}, updates of D to G {config.disc_steps} : {config.gen_steps},",
        "remedy", "disc_steps", "gen_steps")
    if size > 1:
        run_figures.of_run(training.path, where, each=config.sample_interval, counted="iteration",
                           columns=10, inches=0.6)
    mode_collapse.draw(training.path, f"Modes over training: {where}")
    page.of_run(job, training.path)


if __name__ == "__main__":
    main()
