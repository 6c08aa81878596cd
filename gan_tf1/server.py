"""A server of TensorFlow's distributed runtime, which computes for one training at a time.

    python -m gan_tf1.server --port 2222                   for trainings on this machine
    python -m gan_tf1.server --port 2222 --host 10.0.0.5   for trainings from other machines

A training names its servers with `--cluster 10.0.0.5:2222,10.0.0.6:2222`. TensorFlow's runtime asks
nobody for a password: whoever reaches a server can run any program of TensorFlow's on that machine,
which includes reading and writing files. By default it can only be reached from its own machine.

At `--port`, this process answers clients with lines of JSON. It refuses clients of another version,
and all clients while a training is going on. For each training it starts a new process with
TensorFlow's own server, whose port (`--runtime-port`, or any free one) it tells the client. That
process ends with the connection of the client, so that no training finds variables of another.
"""

import contextlib
import ctypes
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from importlib import metadata

from gan_tf1 import places
from gan_tf1.config import Parser, whole_number
from gan_tf1.errors import InputError, script

ANSWER_SECONDS = 5.  # a client that has not introduced itself by then is disconnected
ORDER_SECONDS = 60.  # a client may take this long to reserve its other servers before it sends its order
ENDING_SECONDS = 2.   # how long a training may take to end when its client is gone
LONGEST_LINE = 1 << 20
SO_ATTACH_FILTER = 26  # of Linux, which Python's socket module does not name
EVERYWHERE = "0.0.0.0"


def versions() -> dict[str, str]:
    """What must be the same at both ends of a connection."""
    found = {"Python": "{}.{}".format(*sys.version_info)}
    for package in ("gan_tf1", "tensorflow"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


class Line:
    """A TCP connection over which both sides send dicts, each as one line of JSON."""

    def __init__(self, connection):
        self.connection = connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):  # notices within a minute that the other machine is gone
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._unread = b""

    def send(self, **message) -> None:
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, seconds) -> dict:
        """The next message. Raises OSError if there is none in time, or if it is not a dict."""
        self.connection.settimeout(seconds)
        while b"\n" not in self._unread:
            received = self.connection.recv(4096)
            if not received or len(self._unread) > LONGEST_LINE:
                raise ConnectionResetError("the connection was closed")
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise ConnectionResetError("it is not a server of gan_tf1")
        return message

    def close(self) -> None:
        self.connection.close()


def free_port(host) -> int:
    """A TCP port of `host` that no process uses now."""
    with socket.create_server((host, 0)) as found:
        return found.getsockname()[1]


class Server:
    """Answers clients, one after another, at `host` and `port`."""

    def __init__(self, host, port, runtime_port=None):
        self._host, self._runtime_port = host, runtime_port
        self._listening = socket.create_server((host, port))
        self.port = self._listening.getsockname()[1]
        self._training, self._client = None, None

    def serve(self) -> None:
        """Answer clients forever."""
        while True:
            connection, (address, _) = self._listening.accept()
            with contextlib.suppress(OSError):
                self.answer(Line(connection), address)
            connection.close()  # a training has a copy of it

    def answer(self, line, address) -> None:
        """Refuse the client at the other end of `line`, or start a process for its training."""
        hello = line.receive(ANSWER_SECONDS)
        ours = versions()
        if hello.get("versions") != ours:
            line.send(refused="it runs " + ", ".join(map(" ".join, ours.items())))
        elif self._busy():
            line.send(refused=f"it is already in use, by {self._client}")
        else:
            port = self._runtime_port or free_port(self._host)
            line.send(port=port)
            order = line.receive(ORDER_SECONDS)
            self._client = f"{hello.get('client', 'a client')} from {address}"
            print(f"computing for {self._client}", flush=True)
            self._training = self._start(line.connection, port, order)

    def _busy(self):
        if self._training:
            with contextlib.suppress(subprocess.TimeoutExpired):  # its client may just have ended
                self._training.wait(ENDING_SECONDS)
        return self._training is not None and self._training.poll() is None

    def _start(self, connection, port, order):
        return subprocess.Popen(  # it ends when its stdin is closed, also if this process is killed
            [sys.executable, "-m", "gan_tf1.server", "--port", "0", "--train",
             json.dumps([self._host, port, order])],
            stdin=subprocess.PIPE, pass_fds=[connection.fileno()],
            env={"TF_CPP_MIN_LOG_LEVEL": "2",  # the end of a client is not worth warnings
                 **os.environ, **places.importing(), "GAN_TF1_CONNECTION": str(connection.fileno())})

    def close(self) -> None:
        """Stop listening, and end the training that is going on, if any."""
        self._listening.close()
        if self._training:
            self._training.kill()
            self._training.wait()
            self._training.stdin.close()


def train(host, port, order) -> None:
    """Be task `order["task"]` of the cluster `order["cluster"]` until the client is gone."""
    line = Line(socket.socket(fileno=int(os.environ["GAN_TF1_CONNECTION"])))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from gan_tf1.tf1 import has_gpu_device, tf, without_chatter
    try:
        config = tf.ConfigProto(device_count={} if has_gpu_device() else {"GPU": 0})
        config.gpu_options.allow_growth = True
        with without_chatter():
            server = tf.train.Server({"worker": order["cluster"]}, "worker", order["task"],
                                     config=config, start=False)
            only_at(host, port)
            server.start()
    except (tf.errors.OpError, OSError, InputError) as error:
        line.send(failed=" ".join(str(error).split())[:300])
        return
    line.send(ready=True)
    with contextlib.suppress(OSError):
        while True:  # answers show the client that this process is alive
            line.send(pong=line.receive(None).get("ping"))
    os._exit(0)  # TensorFlow's server cannot be stopped otherwise


def _end_with_parent():
    sys.stdin.buffer.read()
    os._exit(1)


def only_at(host, port) -> None:
    """Let this process's listening `port` accept connections to the address `host` alone.

    TensorFlow's server always listens at all addresses of its machine. Here the kernel drops the
    packets that are sent to others. Raises InputError if this is not possible.
    """
    if host == EVERYWHERE:
        return
    done = 0
    for number in os.listdir("/proc/self/fd") if sys.platform == "linux" else ():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(number))) as found:
            if (found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                    and found.getsockname()[1] == port):
                program = _packets_to(host)
                buffer = ctypes.create_string_buffer(program)
                found.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack(
                    "HxxxxxxP", len(program) // 8, ctypes.addressof(buffer)))
                done += 1
    if not done:
        raise InputError("TensorFlow's server listens at all addresses of its machine, which can "
                         f"be changed on Linux only: give --host {EVERYWHERE}, behind a firewall")


def _packets_to(host) -> bytes:
    """A BPF program (Linux, networking/filter.rst) that keeps IPv4 packets sent to `host`."""
    header = 0xfff00000  # where the network layer's header begins
    return b"".join(struct.pack("HBBI", *instruction) for instruction in (
        (0x30, 0, 0, header),       # load the byte that begins with the version
        (0x54, 0, 0, 0xf0),         # keep the version
        (0x15, 0, 3, 0x40),         # if it is not 4, drop the packet
        (0x20, 0, 0, header + 16),  # load the address of the destination
        (0x15, 0, 1, int(ipaddress.IPv4Address(host))),
        (0x06, 0, 0, 0xffffffff),   # keep the whole packet
        (0x06, 0, 0, 0)))           # drop it


def ipv4(text) -> str:
    """The IPv4 address of a host, which may be given by its name. Raises InputError if it has none."""
    try:
        return socket.gethostbyname(text)
    except (OSError, UnicodeError):
        raise InputError(f"--host {text} has no IPv4 address on this machine") from None


@script
def main(argv=None):
    parser = Parser(__doc__, prog="python -m gan_tf1.server")
    parser.add_argument("--port", type=whole_number, required=True, help="the TCP port for clients")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="the address of "
                        "this machine at which it can be reached (default: 127.0.0.1, from this "
                        f"machine only; {EVERYWHERE}: at all of its addresses)")
    parser.add_argument("--runtime-port", type=whole_number, metavar="PORT", help="the port of "
                        "TensorFlow's own server, for firewalls (default: any free one)")
    parser.add_argument("--train", help="used by the server itself, for the process of a training")
    args = parser.parse_args(argv)
    if args.train:
        train(*json.loads(args.train))
        return
    host = ipv4(args.host)
    try:
        server = Server(host, args.port, args.runtime_port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{args.host}:{args.port} cannot be used: {reason}") from error
    print(f"waiting for a training at {host}:{server.port}\n"
          "TensorFlow's runtime has no authentication: whoever reaches this address can run "
          "programs and read files here", flush=True)
    try:
        server.serve()
    finally:
        server.close()


if __name__ == "__main__":
    main()
