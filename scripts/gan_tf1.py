"""What the first `import gan_tf1...` of a script finds: it prepares, and gives the package itself.

Python looks for a module in the folder of the script that it runs before it looks anywhere else. So
this file is loaded first, and no script has to do any of this itself:

- the package beside this folder is found, whether it is installed or not, and no other copy of it;
- Ctrl-C during the imports, which take a second, ends in one line;
- packages that are missing are named in one line, with the command that installs them.

For this to work, a script imports from gan_tf1 before it imports NumPy.
"""

import os
import sys

folder = os.path.dirname(os.path.realpath(__file__))
del sys.modules[__name__]
sys.path.insert(0, os.path.dirname(folder))

from gan_tf1 import errors  # noqa: E402  (the package: its name is free again)

main = getattr(sys.modules["__main__"], "__file__", None)
if main and os.path.dirname(os.path.realpath(main)) == folder:
    errors.begin_script()
