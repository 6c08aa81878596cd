"""The first `import gan_tf1...` of a script finds this file, which then makes way for the package.

When Python runs a script, it looks for modules in the script's folder before it looks anywhere else.
So this file is loaded first, and no script has to do any of this itself:

- The package is found, whether it is installed or not, and no other copy of it: it lies beside
  this folder in a clone, and around this folder once it is installed.
- Ctrl-C during the imports, which take a second, ends the script in one line.
- Packages that are missing are named in one line, with the command that installs them.

For this to work, a script imports from gan_tf1 before it imports NumPy.

`python -m gan_tf1` finds this file too if it is started in this folder, and runs the command.
"""

import os
import sys

folder = os.path.dirname(os.path.realpath(__file__))
above = os.path.dirname(folder)
cloned = os.path.isfile(os.path.join(above, "gan_tf1", "__init__.py"))
sys.modules.pop("gan_tf1", None)
sys.path.insert(0, above if cloned else os.path.dirname(above))

from gan_tf1 import errors  # noqa: E402  (the package: its name is free again)

main = getattr(sys.modules["__main__"], "__file__", None)
if main and os.path.dirname(os.path.realpath(main)) == folder:
    if os.path.basename(main) == "gan_tf1.py":
        import runpy
        runpy.run_module("gan_tf1", run_name="__main__")
    else:
        errors.begin_script()
