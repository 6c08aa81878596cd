"""Where the scripts and the shipped results are: in the package if it is installed, else beside it.

In a clone, which an editable install refers to, the folders `scripts` and `checkpoints` lie beside
the package. A wheel has no place there, so it has them within the package. This module imports
nothing but the standard library, because a script needs it before it knows what is installed.
"""

import pathlib

PACKAGE = pathlib.Path(__file__).resolve().parent
REPOSITORY = None if (PACKAGE / "scripts").is_dir() else PACKAGE.parent  # None: installed
SCRIPTS = (REPOSITORY or PACKAGE) / "scripts"
SHIPPED = (REPOSITORY or PACKAGE) / "checkpoints"  # the results that come with gan_tf1
