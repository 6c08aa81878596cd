"""Run one row in its own process: `python -m gan_tf1.bench.worker ROW WORK DATA`.

The driver and the worker exchange lines until the driver closes the pipe::

    worker   {"ready": true, "flops": ..., "part": ..., "versions": {...}}     when it is set up
    driver   3                                                                 do three units
    worker   {"seconds": 1.9, "losses": {...}, "peak_mib": 612, "waited_cpu": 0.0}

In between the worker sleeps. `waited_cpu` are the processor seconds that it used nevertheless, since
the threads of a pool may spin before they sleep.
"""

import importlib.metadata
import json
import math
import os
import sys
import time

from gan_tf1 import memory
from gan_tf1.bench import rows, work as works
from gan_tf1.config import Parser
from gan_tf1.errors import script


def serve(runner, asked, say) -> None:
    """Do the number of units in each line of `asked`, and `say` the answer, a dict."""
    say({"ready": True, "flops": runner.flops, "part": runner.part,
         "versions": {name: importlib.metadata.version(name) for name in runner.packages}})
    answered = time.process_time()
    for line in asked:
        waited = time.process_time() - answered
        start = time.perf_counter()
        losses = runner.run(int(line))
        seconds = time.perf_counter() - start
        peak = memory.peak() or math.nan  # it is not known on Windows
        say({"seconds": seconds, "losses": losses, "peak_mib": peak / 2**20, "waited_cpu": waited})
        answered = time.process_time()


@script
def main(argv=None):
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("row", choices=(*rows.ALL, *rows.CEILINGS))
    parser.add_argument("work", choices=tuple(works.WORKS))
    parser.add_argument("data", help="file that work.save wrote")
    parser.add_argument("--config", type=json.loads, default={}, metavar="JSON",
                        help="settings that differ from the chapter's own")
    args = parser.parse_args(argv)

    # The output of a framework must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    work = works.WORKS[args.work]
    runner = rows.make((rows.ALL | rows.CEILINGS)[args.row], work, works.config_of(work, args.config),
                       works.read(args.data))
    serve(runner, sys.stdin, lambda answer: print(json.dumps(answer), file=answers, flush=True))


if __name__ == "__main__":
    main()
