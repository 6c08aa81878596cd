"""The figures that a script draws when its run is complete."""

from gan_tf1 import figures
from gan_tf1.training.run_results import load_losses, load_samples

COLUMNS = 6  # of figure 8


def of_run(path, where, columns=4, inches=1.5, counted="epoch", each=1, names=None,
           shown=None, loss_label=None, accuracies=False) -> None:
    """Draw the losses, the last samples and the progress of the complete run at `path`.

    The files go to its folder figures/, and their names are printed. `where` is the part of the
    titles that says what was trained on which data. `shown` selects the samples of each epoch for
    `progress`: by default six, with the stride of the first chapter's figure 8, which are 0, 2, ...,
    10 of 16. With `accuracies`, those of a classifier are drawn and not the losses. The other
    arguments are passed to `sample_grid`, `progress` and `loss_curves`.
    """
    losses, samples = load_losses(path), load_samples(path)
    stride = max(1, samples.shape[1] // COLUMNS)
    some = samples[:, shown or slice(0, COLUMNS * stride, stride)]
    for name, figure in (
            ("accuracies", figures.accuracy_curves([("", losses)], f"Accuracy: {where}"))
            if accuracies else
            ("losses", figures.loss_curves(losses, f"Losses: {where}", loss_label)),
            ("samples", figures.sample_grid(samples[-1][:figures.SHOWN], f"Last samples: {where}",
                                            columns, inches, names)),
            ("progress", figures.progress(some, f"Samples over training: {where}",
                                          columns=some.shape[1], counted=counted, each=each))):
        print(figures.save(figure, path / "figures" / f"{name}.png"))
