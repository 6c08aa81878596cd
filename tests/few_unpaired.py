"""Run CycleGAN on 600 drawn digits: `python few_unpaired.py 16_cyclegan.py FLAG ...`.

Epochs are short, and everything else is as usual.
"""

import sys

from conftest import load_script
from gan_tf1.data import unpaired

DRAWN = (500, 100)

if __name__ == "__main__":
    unpaired.DRAWN = DRAWN
    load_script(sys.argv[1]).main(sys.argv[2:])
