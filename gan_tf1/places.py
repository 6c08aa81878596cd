"""The folders of the scripts and of the shipped results, in a clone or in an installed package.

In a clone, and in an editable install of it, the folders `scripts` and `checkpoints` are beside the
package. A wheel has them inside the package. This module imports only the standard library, because
a script uses it before it has checked that the required packages are installed.
"""

import os
import pathlib

PACKAGE = pathlib.Path(__file__).resolve().parent
REPOSITORY = None if (PACKAGE / "scripts").is_dir() else PACKAGE.parent  # None if not in a clone
SCRIPTS = (REPOSITORY or PACKAGE) / "scripts"
SHIPPED = (REPOSITORY or PACKAGE) / "checkpoints"  # the results that come with gan_tf1


def importing() -> dict[str, str]:
    """The variable PYTHONPATH with which another Python imports this copy of the package, as a dict."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH"))))}
