"""Servers of TensorFlow's distributed runtime on 127.0.0.1, each with a process of its own.

Each of these processes imports TensorFlow, so that the tests are slow. What can be tested without them
is in test_towers.py.
"""

import os
import signal
import socket
import threading

import pytest

import double
from conftest import refusal
from gan_tf1 import server
from gan_tf1.training import devices
from test_graph_loop import FEW
from test_run_directory import final_state
from test_towers import assert_equal, main, stopped, trained  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow
NAMES = ["mnist_gan", "pix2pix", "dcgan_mnist"]  # dense, with instance norm, with dropout


@pytest.fixture(scope="module")
def servers():
    """Three servers that wait for a training, as `server.Server`."""
    made = [server.Server("127.0.0.1", 0) for _ in range(3)]
    for one in made:
        threading.Thread(target=lambda one=one: pytest.raises(OSError, one.serve), daemon=True).start()
    yield made
    for one in made:
        one._listening.shutdown(socket.SHUT_RDWR)
        one.close()


def addresses(servers, count):
    return [f"127.0.0.1:{one.port}" for one in servers[:count]]


@pytest.mark.numerics
@pytest.mark.parametrize("name", NAMES)
def test_two_and_three_servers_make_the_steps_of_one_device(servers, name):
    with double.precision():
        expected = trained(name, 1)
        for count in (2, 3):
            opened = devices.Servers(addresses(servers, count))
            try:
                assert_equal(trained(name, count, opened), expected)
            finally:
                opened.close()


def test_runs_on_servers_repeat_and_resume_to_the_same_bytes(main, servers, tmp_path, monkeypatch):
    flags = [*FEW, "--cluster", ",".join(addresses(servers, 2))]
    for name in ("one", "again"):
        main([*flags, "--run-dir", str(tmp_path / name)])
    undo = stopped(monkeypatch, 2)
    with pytest.raises(SystemExit):
        main([*flags, "--run-dir", str(tmp_path / "cut")])
    undo()
    main(["--resume", *flags[-2:], "--run-dir", str(tmp_path / "cut")])
    main([*FEW, "--towers", "2", "--run-dir", str(tmp_path / "here")])  # on this machine
    states = [final_state(tmp_path / name) for name in ("one", "again", "cut", "here")]
    assert states.count(states[0]) == 4


@pytest.mark.parametrize("number", [0, 1])  # the first server has the variables, and the session
@pytest.mark.parametrize("failure, reason", [(signal.SIGKILL, "has ended"),
                                             (signal.SIGSTOP, "does not answer any more")])
def test_a_server_that_fails_ends_the_run_which_can_be_resumed(
        main, servers, tmp_path, monkeypatch, capsys, number, failure, reason):
    """After one epoch; the line names the server."""
    monkeypatch.setattr(devices, "PING_SECONDS", 3)
    named = addresses(servers, 2)
    undo = stopped(monkeypatch, 1, lambda: os.kill(servers[number]._training.pid, failure))
    with pytest.raises(SystemExit) as exit_:
        main([*FEW, "--cluster", ",".join(named), "--patience", "20", "--run-dir", str(tmp_path / "cut")])
    assert exit_.value.code == 1
    line, = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert f"the server {named[number]} {reason}" in line and f"--resume --run-dir {tmp_path / 'cut'}" in line
    undo()
    if failure == signal.SIGSTOP:
        assert "already in use" in refusal(capsys, main, "--resume", "--cluster", ",".join(named),
                                           "--run-dir", tmp_path / "cut")
        servers[number]._training.kill()
    main(["--resume", "--cluster", ",".join(named), "--run-dir", str(tmp_path / "cut")])
    main([*FEW, "--towers", "2", "--run-dir", str(tmp_path / "whole")])
    assert final_state(tmp_path / "cut") == final_state(tmp_path / "whole")


def test_tensorflows_server_can_only_be_reached_at_its_address(servers):
    opened = devices.Servers(addresses(servers, 1))
    try:
        port = int(opened._targets[0].rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), 5).close()
        for other in ("127.0.0.2", "::1"):
            with pytest.raises(OSError):
                socket.create_connection((other, port), 2)
    finally:
        opened.close()
