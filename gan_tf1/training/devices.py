"""The devices of a run with several towers: those of this machine, or the servers of a cluster.

Both classes have what `training.py` needs: the `names` of the devices, a session, Savers, and the
reason for a failed call. A run on servers is driven by this process: it holds the graph, draws the
batches and writes all files, so the machines need no common disk. The variables are on the first
server.

    CONNECT_SECONDS  until a server that does not answer is given up
    START_SECONDS    until a server must have started TensorFlow for this run
    PATIENCE         until a call of `session.run` must have ended, unless --patience says otherwise
    PING_SECONDS     until a server must answer after a failure, or it is the one that hangs
"""

import contextlib
import json
import os
import socket

from gan_tf1.errors import InputError, TrainingError
from gan_tf1.server import Line, versions
from gan_tf1.tf1 import has_gpu_device, session_config, tf

CONNECT_SECONDS, START_SECONDS, PATIENCE, PING_SECONDS = 10., 180., 120., 10.
WORKER = "/job:worker/task:{}"


class OneMachine:
    """`count` devices of this machine: its GPUs if there are enough, else CPU devices."""

    def __init__(self, count):
        gpus = len(tf.config.list_physical_devices("GPU")) if has_gpu_device() else 0
        kind = "gpu" if gpus >= count else "cpu"
        self.names = [f"/{kind}:{number}" for number in range(count)]

    def session(self, graph, mixed_precision=False):
        """A context with a `tf.Session` on these devices."""
        config = session_config(mixed_precision)
        config.device_count["CPU"] = len(self.names)
        return tf.Session(graph=graph, config=config)

    def saver(self, **options):
        """A `tf.train.Saver`."""
        return tf.train.Saver(**options)

    def failure(self, error):
        """The TrainingError that explains the failed call `error`, or None: no server can fail."""

    def close(self) -> None:
        """Nothing is to be closed."""


class Servers:
    """Servers at `addresses`, such as ["10.0.0.5:2222", "10.0.0.6:2222"], reserved for this run.

    `patience` is the number of seconds after which a call of `session.run` has failed. Raises
    InputError, naming the server, if one cannot be reached, is in use, or has another version.
    """

    def __init__(self, addresses, patience=PATIENCE):
        self.addresses, self._patience = addresses, patience
        self.names = [WORKER.format(number) for number in range(len(addresses))]
        self._opened, self._lines, self._failed = contextlib.ExitStack(), [], False
        try:
            self._targets = [self._reserved(address) for address in addresses]
            for number, (address, line) in enumerate(zip(addresses, self._lines)):
                with _naming(address):
                    line.send(cluster=self._targets, task=number)
            for address, line in zip(addresses, self._lines):
                with _naming(address):
                    started = line.receive(START_SECONDS)
                if "ready" not in started:
                    raise InputError(f"the server {address} cannot start TensorFlow's own server: "
                                     f"{started.get('failed')}")
        except BaseException:
            self.close()
            raise

    def _reserved(self, address):
        """Reserve the server at `address`; returns the address of its TensorFlow server."""
        host, port = split(address)
        with _naming(address):
            line = Line(socket.create_connection((host, port), CONNECT_SECONDS))
            self._opened.callback(line.close)
            self._lines.append(line)
            line.send(versions=versions(), client=f"process {os.getpid()}")
            answer = line.receive(CONNECT_SECONDS)
        if "refused" in answer:
            ours = ", ".join(map(" ".join, versions().items()))
            also = f", this script {ours}" if "it runs" in answer["refused"] else ""
            raise InputError(f"the server {address} refuses: {answer['refused']}{also}")
        return f"{host}:{answer['port']}"

    @contextlib.contextmanager
    def session(self, graph, mixed_precision=False):
        """A context with a `tf.Session` on the first server.

        Its calls fail after `patience` seconds.
        """
        config = session_config(mixed_precision)
        config.operation_timeout_in_ms = int(1000 * self._patience)
        session = tf.Session(f"grpc://{self._targets[0]}", graph=graph, config=config)
        try:
            with session.as_default():
                yield session
        finally:
            if not self._failed:  # a server that has failed would not answer this call either
                session.close()

    def saver(self, **options):
        """A `Saver` whose files are written and read by this process, not by the first server."""
        return ClientSaver(**options)

    def failure(self, error):
        """The TrainingError that explains why the call that raised `error` has failed.

        Returns None if all servers answer and the call did not run out of time.
        """
        self._failed = True
        for address, line in zip(self.addresses, self._lines):
            try:
                line.send(ping=0)
                line.receive(PING_SECONDS)
            except TimeoutError:
                return TrainingError(f"the server {address} does not answer any more")
            except OSError:
                return TrainingError(f"the server {address} has ended")
        if isinstance(error, tf.errors.DeadlineExceededError):
            return TrainingError(f"a call has taken longer than {self._patience:g} seconds, though "
                                 "all servers answer: give a larger --patience")
        if isinstance(error, (tf.errors.UnavailableError, tf.errors.AbortedError)):
            return TrainingError("the servers cannot reach each other: "
                                 + " ".join(error.message.split())[:200])
        return None

    def close(self) -> None:
        """End the connections, and with them the servers' work for this run."""
        self._opened.close()


class ClientSaver:
    """A `tf.train.Saver` for variables on a server that reads and writes files in this process.

    TensorFlow's own Saver would write them on the server's disk. This one fetches the values, and
    gives them to a Saver of a second graph, which has variables of the same names and nothing else.
    """

    def __init__(self, var_list=None, **options):
        self._variables = list(tf.global_variables() if var_list is None else var_list)
        graph = tf.Graph()
        with graph.as_default():
            values = [tf.placeholder(var.dtype.base_dtype, var.shape) for var in self._variables]
            twins = [tf.get_variable(var.op.name, initializer=value, use_resource=True)
                     for var, value in zip(self._variables, values)]
            self._fill = [twin.initializer for twin in twins]
            self._values, self._twins = values, twins
            self._saver = tf.train.Saver(twins, **options)
        self._local = tf.Session(graph=graph, config=session_config())
        self.recover_last_checkpoints = self._saver.recover_last_checkpoints

    def save(self, sess, path, **options):
        values = sess.run(self._variables)
        self._local.run(self._fill, dict(zip(self._values, values)))
        return self._saver.save(self._local, path, **options)

    def restore(self, sess, path) -> None:
        self._saver.restore(self._local, path)
        values = self._local.run(self._twins)
        sess.run([var.initializer for var in self._variables],
                 {var.initializer.inputs[1]: value for var, value in zip(self._variables, values)})


def split(address) -> tuple[str, int]:
    """"HOST:PORT" as its two parts; raises InputError if it is not of that form."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise InputError(f"--cluster has {address!r}, which is not HOST:PORT")
    return host, int(port)


def addresses(text) -> list[str]:
    """The addresses in the value of --cluster; "TF_CONFIG" means the variable of that name.

    Raises InputError if one is not of the form HOST:PORT, or is given twice.
    """
    found = _of_tf_config() if text == "TF_CONFIG" else text.split(",")
    for address in found:
        split(address)
    if len(set(found)) < len(found):
        raise InputError(f"--cluster names a server twice: {','.join(found)}")
    return found


def _of_tf_config():
    try:
        cluster = json.loads(os.environ["TF_CONFIG"])["cluster"]
        found = cluster["worker"]
        if not found or not all(isinstance(address, str) for address in found):
            raise ValueError
    except KeyError as error:
        missing = error.args[0]
        raise InputError("--cluster TF_CONFIG: " + (
            "the variable is not set" if missing == "TF_CONFIG" else
            f"it has no {missing!r}")) from None
    except (ValueError, TypeError):
        raise InputError('--cluster TF_CONFIG: it must be like {"cluster": {"worker": '
                         '["HOST:PORT", "HOST:PORT"]}}') from None
    return found


@contextlib.contextmanager
def _naming(address):
    """Within this block, a failing connection raises InputError with what to do about `address`."""
    try:
        yield
    except (OSError, UnicodeError) as error:  # the latter if the name of a host can't be one
        port = split(address)[1]
        raise InputError(f"no server answers at {address} ({getattr(error, 'strerror', None) or error}): start it "
                         f"there with python -m gan_tf1.server --port {port}") from error
