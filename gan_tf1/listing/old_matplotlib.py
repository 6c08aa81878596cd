"""Restore, while a listing runs, what matplotlib has dropped since 2017, and never wait for keys.

Sources: the "API changes" of matplotlib 2.2 to 3.9 (doc/api/prev_api_changes).
"""

import contextlib
import functools

import numpy as np

from gan_tf1.listing.patches import attributes, nothing

OFF = {"off": False, "on": True}  # matplotlib 2 accepted these strings as truth values
RENAMED_MAPS = {"spectral": "nipy_spectral", "Vega10": "tab10", "Vega20": "tab20",
                "Vega20b": "tab20b", "Vega20c": "tab20c"}


def _renamed(function, **renamed):
    """`function`, which also accepts keyword arguments by their old names; None drops one."""

    @functools.wraps(function)
    def either(*args, **options):
        for old, new in renamed.items():
            if old in options:
                value = options.pop(old)
                if new is not None:
                    options[new] = value
        return function(*args, **options)

    return either


def _truths(function):
    """`function`, which also accepts the strings "on" and "off" as truth values."""

    @functools.wraps(function)
    def either(*args, **options):
        return function(*(OFF.get(value, value) if isinstance(value, str) else value
                          for value in args),
                        **{name: OFF.get(value, value) if isinstance(value, str) else value
                           for name, value in options.items()})

    return either


@contextlib.contextmanager
def restored():
    """A context with everything that this module restores."""
    import matplotlib
    from matplotlib import cm, colormaps, pyplot, style
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.figure import Figure

    adjust, gca, figure_gca = Axes.set_adjustable, pyplot.gca, Figure.gca

    def set_adjustable(self, adjustable, share=False):
        return adjust(self, "box" if adjustable == "box-forced" else adjustable, share)

    def current_axes(**options):
        return subplot(**options) if options else gca()

    def axes_of_figure(self, **options):
        return self.add_subplot(**options) if options else figure_gca(self)

    def get_cmap(name=None, lut=None):
        return pyplot.get_cmap(RENAMED_MAPS.get(name, name), lut)

    def subplot(*args, **options):
        return plain_subplot(*(int(arg) if isinstance(arg, float) and arg.is_integer() else arg
                               for arg in args), **options)

    def tight_layout(plain):
        @functools.wraps(plain)
        def layout(*args, **options):
            figure = [arg for arg in args if isinstance(arg, Figure)]
            pads = [arg for arg in args if not isinstance(arg, Figure)]
            return plain(*figure, **({"pad": pads[0]} if pads else {}), **options)
        return layout

    def tostring_rgb(self):
        return np.asarray(self.buffer_rgba())[..., :3].tobytes()

    plain_subplot = _renamed(pyplot.subplot, axisbg="facecolor")
    held = ("plot", "scatter", "imshow", "bar", "hist", "contour", "contourf", "fill", "errorbar")
    face = {"axisbg": "facecolor"}
    maps = {old: colormaps[new] for old, new in RENAMED_MAPS.items()}
    with contextlib.ExitStack() as stack:
        for owner, values in (
                (Axes, {"set_adjustable": set_adjustable, "hold": nothing,
                        "set_axis_bgcolor": Axes.set_facecolor,
                        **{name: _renamed(getattr(Axes, name), hold=None) for name in held},
                        "get_axis_bgcolor": Axes.get_facecolor,
                        "set_color_cycle": lambda self, colors: self.set_prop_cycle(color=colors),
                        "bar": _renamed(Axes.bar, hold=None, left="x"),
                        "hist": _renamed(Axes.hist, normed="density", hold=None),
                        "hist2d": _renamed(Axes.hist2d, normed="density"),
                        "stem": _renamed(Axes.stem, use_line_collection=None),
                        "tick_params": _truths(Axes.tick_params),
                        "grid": _truths(_renamed(Axes.grid, b="visible"))}),
                (Figure, {"gca": axes_of_figure, "waitforbuttonpress": nothing,
                          "ginput": lambda self, *args, **options: [], "hold": nothing,
                          "add_subplot": _renamed(Figure.add_subplot, **face),
                          "add_axes": _renamed(Figure.add_axes, **face),
                          "tight_layout": tight_layout(Figure.tight_layout),
                          "savefig": _renamed(Figure.savefig, frameon=None, papertype=None)}),
                (FigureCanvasBase, {"set_window_title": nothing}),
                (FigureCanvasAgg, {"tostring_rgb": tostring_rgb}),
                (cm, {"get_cmap": get_cmap, **maps}),
                (pyplot, {"hold": nothing, "pause": nothing, "ishold": lambda: True,
                          "waitforbuttonpress": nothing, "ginput": lambda *args, **options: [],
                          "gca": current_axes, "axes": _renamed(pyplot.axes, **face),
                          "subplot": subplot, "tight_layout": tight_layout(pyplot.tight_layout),
                          **{name: _renamed(getattr(pyplot, name), hold=None) for name in held},
                          "bar": _renamed(pyplot.bar, hold=None, left="x"),
                          "hist": _renamed(pyplot.hist, normed="density", hold=None),
                          "hist2d": _renamed(pyplot.hist2d, normed="density"),
                          "stem": _renamed(pyplot.stem, use_line_collection=None),
                          "grid": _truths(_renamed(pyplot.grid, b="visible"))})):
            stack.enter_context(attributes(owner, **values))
        old = {name.replace("-v0_8", ""): name for name in style.library if "-v0_8" in name}
        added = {name: style.library[new] for name, new in old.items() if name not in style.library}
        style.library.update(added)
        stack.callback(lambda: [style.library.pop(name) for name in added])
        for name, new in RENAMED_MAPS.items():  # cmap="spectral"
            if name not in colormaps:
                colormaps.register(matplotlib.colormaps[new].copy(), name=name)
                stack.callback(colormaps.unregister, name)
        yield
