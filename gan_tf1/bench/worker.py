"""One row of the benchmark in a process of its own: `python -m gan_tf1.bench.worker ROW WORK DATA`.

The driver and the worker exchange lines::

    worker   {"ready": true, "flops": ..., "part": ..., "versions": {...}}     once set up
    driver   3                                                                 do three units
    worker   {"seconds": 1.9, "losses": {...}, "peak_mib": 612, "waited_cpu": 0.0}

until the driver closes the pipe. In between the worker sleeps; `waited_cpu` are the processor
seconds that it used since its last answer nevertheless (threads of a pool may spin before they
sleep).
"""

import importlib.metadata
import json
import os
import resource
import sys
import time

from gan_tf1.bench import rows, work as works
from gan_tf1.config import Parser
from gan_tf1.errors import script


def peak_mib():
    """This process's peak resident memory in MiB.

    Not `ru_maxrss` where Linux tells otherwise: that starts at what the parent had when it forked.
    """
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 2**10
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def serve(runner, asked, say):
    """Do what each line of `asked` says, and `say` what came of it."""
    say({"ready": True, "flops": runner.flops, "part": runner.part,
         "versions": {name: importlib.metadata.version(name) for name in runner.packages}})
    answered = time.process_time()
    for line in asked:
        waited = time.process_time() - answered
        start = time.perf_counter()
        losses = runner.run(int(line))
        seconds = time.perf_counter() - start
        say({"seconds": seconds, "losses": losses, "peak_mib": peak_mib(), "waited_cpu": waited})
        answered = time.process_time()


@script
def main(argv=None):
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("row", choices=(*rows.ALL, *rows.CEILINGS))
    parser.add_argument("work", choices=tuple(works.WORKS))
    parser.add_argument("data", help="what work.save wrote")
    parser.add_argument("--config", type=json.loads, default={}, metavar="JSON",
                        help="settings of the chapter other than its own")
    args = parser.parse_args(argv)

    # What a framework prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    work = works.WORKS[args.work]
    runner = rows.make((rows.ALL | rows.CEILINGS)[args.row], work, works.config_of(work, args.config),
                       works.read(args.data))
    serve(runner, sys.stdin, lambda answer: print(json.dumps(answer), file=answers, flush=True))


if __name__ == "__main__":
    main()
