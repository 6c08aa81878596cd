"""Which of a listing's figures are saved, and what is said of them."""

import pytest

from gan_tf1.listing.hints import meaning
from gan_tf1.listing.run import run


@pytest.mark.parametrize("text, count", [
    ("f, a = plt.subplots(2, 2)\na[0, 0].imshow([[1, 2]])\nf.show(); plt.draw(); plt.waitforbuttonpress()", 1),
    ("plt.plot([1, 2])\nplt.show()\nplt.clf()", 1), ("plt.figure()", 0),
    ("plt.figure(); plt.suptitle('samples')", 1), ("f, a = plt.subplots(2, 2)", 1),
    ("f, a = plt.subplots(2, 2)\na.nothing", 0), ("f, a = plt.subplots(2)\na[0].hist([1])\na.nothing", 1),
    ("plt.plot([1]); plt.show()\nplt.draw()\nplt.plot([2, 3])", 2)])
def test_blank_figures_are_not_saved(tmp_path, text, count):
    (tmp_path / "listing.py").write_text("import matplotlib.pyplot as plt\n" + text)
    assert len(run(tmp_path / "listing.py", tmp_path).figures) == count


def test_a_figure_that_shows_something_else_is_explained(tmp_path, capfd):
    (tmp_path / "chapter.md").write_text("""```
import numpy as np, matplotlib.pyplot as plt
gen_samples = [(np.zeros([2, 784]), np.ones([2, 784]))] * 3
def view_generated_samples(epoch_num, g_samples):
    fig, axes = plt.subplots(2)
    for ax, gen_image in zip(axes.flatten(), g_samples[0][epoch_num]):
        ax.imshow(gen_image.reshape((28,28)), cmap='Greys_r')
```
```
plt.plot([1, 2])
```
```
_ = view_generated_samples(-1, gen_samples)
```
""")
    assert run(tmp_path / "chapter.md", tmp_path).failures == []
    said = capfd.readouterr().err.splitlines()
    assert said[:2] == ["listing: figure-001.png saved", "listing: figure-002.png saved"]
    assert said[2].startswith("listing: figure-002.png shows logits of the first epoch, not samples of")
    assert len(said) == 3 and meaning("view_generated_samples(-1, x)", "g_samples[epoch_num]") is None
