"""A diagram of a chapter's networks as an SVG file: one box for each layer, and arrows with shapes.

The file is small (some kilobytes), sharp at any size, and the same on every machine.
"""

from xml.etree import ElementTree

from gan_tf1.wording import quantity

BOX, ROW, COLUMN, TOP, MARGIN = (330, 42), 66, 480, 96, 16  # pixels: a box, and the distances of boxes
COLOURS = {"dense": "#dcdcdc", "embedding": "#f5e6a3", "convolution": "#bfe0f5", "transposed convolution": "#f7d3a6"}
UNUSED = "#ffffff"  # and a dashed edge, for layers that nothing depends on
TEXT = "#202020"


def drawing(networks, title) -> str:
    """The text of an SVG file that shows `networks`, at most two of them side by side."""
    heights = [TOP + ROW * (len(network.layers) + 1) for network in networks]
    bands = [max(heights[start:start + 2]) for start in range(0, len(networks), 2)]
    size = (2 * MARGIN + COLUMN * min(2, len(networks)), 44 + sum(bands))
    svg = ElementTree.Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {size[0]} {size[1]}", "width": str(size[0]),
        "height": str(size[1]), "font-family": "sans-serif", "font-size": "14", "fill": TEXT, "role": "img"})
    ElementTree.SubElement(svg, "title").text = title
    ElementTree.SubElement(svg, "desc").text = in_words(networks)
    ElementTree.SubElement(svg, "rect", {"width": str(size[0]), "height": str(size[1]), "fill": "#ffffff"})
    _text(svg, MARGIN, 30, title, size=18, bold=True)
    for number, network in enumerate(networks):
        _column(svg, network, MARGIN + COLUMN * (number % 2), 44 + sum(bands[:number // 2]))
    ElementTree.indent(svg)
    return ElementTree.tostring(svg, "unicode") + "\n"


def in_words(networks) -> str:
    """The networks as text, one line for each layer."""
    lines = []
    for network in networks:
        lines.append(f"{network.name}: {quantity(network.weights, 'weight')}, from "
                     f"{' and '.join(map(shape_text, network.inputs))}")
        for layer in network.layers:
            then = "".join(f", {one}" for one in layer.then)
            lines.append(f"  {layer.kind}{then}: {shape_text(layer.shape)}, {quantity(layer.weights, 'weight')}")
    return "\n".join(lines)


def shape_text(shape) -> str:
    """A shape without the batch, in words: "7 x 7 x 128", "784 numbers"; a single label has the shape ()."""
    if len(shape) < 2:
        return quantity(shape[0], "number") if shape else "a label"
    return " x ".join("?" if one is None else str(one) for one in shape)


def _column(svg, network, left, top):
    """Draw one network, from its inputs at the top to its output at the bottom."""
    _text(svg, left, top + 28, network.name, size=16, bold=True)
    _text(svg, left, top + 48, f"{network.weights:,} trainable weights", name="network")
    y, carried = top + TOP - 20, ""
    _arrow(svg, left, y, " and ".join(map(shape_text, network.inputs)))
    for layer in network.layers:
        y += ROW - BOX[1]
        unused = "not used" in layer.kind
        colour = next((colour for name, colour in COLOURS.items() if layer.kind.startswith(name)), "#eeeeee")
        ElementTree.SubElement(svg, "rect", {
            "x": str(left), "y": str(y), "width": str(BOX[0]), "height": str(BOX[1]), "rx": "4", "stroke": "#606060",
            "fill": UNUSED if unused else colour, **({"stroke-dasharray": "5 4"} if unused else {})})
        _text(svg, left + 10, y + (18 if layer.then else 26), layer.kind, bold=True)
        _text(svg, left + 10, y + 35, ", ".join(layer.then), size=13)
        if layer.weights:
            _text(svg, left + BOX[0] + 10, y + 26, f"{layer.weights:,}", name="layer")
        y += BOX[1]
        carried = f"{carried}, past this layer" if unused else shape_text(layer.shape)
        _arrow(svg, left, y, carried)


def _arrow(svg, left, y, text):
    """Draw an arrow below `y`, with the shape of what it carries beside it."""
    x, end = left + 40, y + ROW - BOX[1] - 2
    ElementTree.SubElement(svg, "path", {"d": f"M{x} {y}V{end}m-4 -6l4 6l4 -6", "stroke": "#606060", "fill": "none"})
    _text(svg, x + 12, y + 16, text, size=13)


def _text(svg, x, y, text, size=14, bold=False, name=""):
    """Write `text`; `name`, the class of the element, says what a number counts."""
    if text:
        ElementTree.SubElement(svg, "text", {
            "x": str(x), "y": str(y), "font-size": str(size), **({"font-weight": "bold"} if bold else {}),
            **({"class": name} if name else {})}).text = text
