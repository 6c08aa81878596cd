"""Save a listing's figures as PNG files in the work directory instead of showing them."""

import contextlib
import re

import matplotlib

from gan_tf1.listing.patches import attributes
from gan_tf1.listing.report import note


class Figures:
    """Saves the open figures as figure-001.png and so on, counting on from existing files."""

    def __init__(self, folder):
        """`folder` is a pathlib.Path."""
        self.folder, self.saved = folder, []
        self.meaning = None  # what the figures of this block show, if it isn't what they should
        numbers = [re.fullmatch(r"figure-(\d{3,9})\.png", path.name) for path in folder.iterdir()]
        self._before = max((int(found[1]) for found in numbers if found), default=0)

    def save_open(self, *args, **options) -> None:
        """Save and close all open figures, and print the files' names; replaces plt.show().

        A figure without anything on it is only closed.
        """
        from matplotlib import pyplot
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if not figure.axes and not _has_artists(figure):
                pyplot.close(figure)
                continue
            path = self.folder / f"figure-{self._before + len(self.saved) + 1:03d}.png"
            figure.savefig(path)
            pyplot.close(figure)
            self.saved.append(path)
            note(f"{path.name} saved")
            if self.meaning:
                note(f"{path.name} {self.meaning}")

    def drop_empty(self) -> None:
        """Close the open figures on which nothing has been drawn, before the block failed."""
        from matplotlib import pyplot
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if not any(axes.has_data() for axes in figure.axes) and not _has_artists(figure):
                pyplot.close(figure)


def _has_artists(figure):
    """Whether a figure has a picture, a line or a text of its own, outside of its axes."""
    return bool(figure.images or figure.lines or figure.patches or figure.artists
                or any(text.get_text() for text in figure.texts))


def _draw():
    """plt.draw(), but without a new figure if all of them have been shown."""
    from matplotlib import pyplot
    if pyplot.get_fignums():
        pyplot.gcf().canvas.draw_idle()


@contextlib.contextmanager
def instead_of_windows(folder):
    """A context in which `plt.show()` saves figures to `folder`. Yields the `Figures`."""
    backend = matplotlib.get_backend()
    matplotlib.use("agg")
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    figures = Figures(folder)
    plain_use = matplotlib.use
    settings = matplotlib.rcParams.copy()
    already = set(pyplot.get_fignums())
    try:
        # A listing may ask for a backend with windows ("TkAgg"), which may not be available.
        with attributes(matplotlib, use=lambda *args, **options: None), \
                attributes(pyplot, show=figures.save_open, draw=_draw,
                           switch_backend=lambda *args: None), \
                attributes(Figure, show=figures.save_open):
            yield figures
    finally:
        for number in set(pyplot.get_fignums()) - already:
            pyplot.close(number)
        dict.update(matplotlib.rcParams, settings)
        plain_use(backend)
