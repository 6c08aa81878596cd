"""Show how TF1 trained with several workers, and what a late one does to SyncReplicasOptimizer.

    python scripts/late_worker.py                 both workers on time, then the second one late
    python scripts/late_worker.py --delay 0.1     late by 0.1 seconds per step

Two workers minimize the mean of w x with one variable w, as threads of this process at one server
of TensorFlow's runtime. All numbers x of the first worker are 1, all of the second -1. Each batch of
an update should have a half from each worker, so its gradient, the mean of x, is 0, and w stays near
0. If the second worker is late, the first one fills both places, and its own late gradients are
dropped as stale. Nothing is reported, and w runs away: the effective batch is another one.
"""

import os
import threading
import time

from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import InputError, script
from gan_tf1.tf1 import session_config, tf
from gan_tf1.training.command_line import seconds

LEARNING_RATE = 0.1
WORKERS = 2
STEP_SECONDS = 0.1  # how long a step takes a worker that is on time


def work(target, number, updates, delay, found, initialized, ready):
    """Worker `number`, 0 or 1, with a graph and a session of its own, as a process has them.

    It makes steps until there were so many `updates`, and adds to the dict `found` how many steps it
    has made and the final w. Each of its steps takes `delay` seconds more than necessary.
    `initialized` is an event, and `ready` a barrier for all workers, so that none begins late.
    """
    with tf.Graph().as_default():
        with tf.device("/job:localhost/task:0"):  # which has the variables; a `ps` on a real cluster
            w = tf.get_variable("w", initializer=0.)
            count = tf.train.get_or_create_global_step()
        x = tf.placeholder(tf.float32, (None,))
        loss = tf.reduce_mean(w * x)

        # One update for two gradients, which it averages. It does not ask whose they are.
        optimizer = tf.train.SyncReplicasOptimizer(
            tf.train.GradientDescentOptimizer(LEARNING_RATE), replicas_to_aggregate=WORKERS,
            total_num_replicas=WORKERS)
        minimize = optimizer.minimize(loss, global_step=count)
        is_chief = number == 0  # it initializes the variables, and hands out tokens for the next step
        hooks = [optimizer.make_session_run_hook(is_chief), tf.train.StopAtStepHook(last_step=updates)]

        steps = 0
        if not is_chief:
            initialized.wait()
        with tf.train.MonitoredTrainingSession(target, is_chief, hooks=hooks,
                                               stop_grace_period_secs=1) as sess:
            initialized.set()
            ready.wait(60)
            while not sess.should_stop():
                time.sleep(STEP_SECONDS + delay)
                _, value = sess.run([minimize, w], {x: [1.] * 4 if number == 0 else [-1.] * 4})
                steps += 1
                found[number] = steps, float(value)


def train(updates, delay):
    """Train with a second worker that is late by `delay` seconds: steps of both workers, and w."""
    server = tf.train.Server.create_local_server(config=session_config())
    found, together = {}, (threading.Event(), threading.Barrier(WORKERS))
    workers = [threading.Thread(target=work, args=(server.target, number, updates, delay * number, found, *together),
                                daemon=True) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    workers[0].join()
    workers[1].join(10 + 2 * delay)  # it may wait for a token that nobody hands out any more
    return found[0][0], found.get(1, (0, 0))[0], found[0][1]


@script
def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("--updates", type=whole_number, default=40,
                        help="updates of w in each training (default: 40)")
    parser.add_argument("--delay", type=seconds, default=0.5, metavar="SECONDS",
                        help="how much later the second worker begins each step (default: 0.5)")
    args = parser.parse_args(argv)
    if not 1 <= args.updates <= 10_000:
        raise InputError(f"--updates {args.updates} is not from 1 to 10000")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # the end of a session is not worth warnings
    threading.excepthook = lambda failed: None if failed.exc_type is tf.errors.CancelledError else (
        threading.__excepthook__(failed))  # that of the chief's queue of tokens, when it ends
    for name, delay in (("on time", 0.), (f"{args.delay:g} s late", args.delay)):
        first, second, w = train(args.updates, delay)
        print(f"second worker {name}: {args.updates} updates, {first} steps of the first worker, {second} of "
              f"the second, w = {w:.2f}")


if __name__ == "__main__":
    main()
