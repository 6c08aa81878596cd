"""Towers: a step that is divided among devices, compared with the same step on one device."""

import socket
import threading
from types import SimpleNamespace

import numpy as np
import pytest

import double
import few_digits
from conftest import load_script, refusal, values, without_figures, without_training
from gan_tf1 import server
from gan_tf1.data import digits
from gan_tf1.errors import InputError
from gan_tf1.models import remedies_gan
from gan_tf1.tf1 import new_graph, session_config, tf
from gan_tf1.training import checkpoint, devices, tower_differences, towers
from test_graph_loop import FEW, MODELS, chapter, numbers, others_slow
from test_run_directory import final_state

# What each model computes from a batch as a whole; the table of training/DISTRIBUTED.md has the same.
NORM = tower_differences.BATCH_NORM
DIFFERENCES = {
    "semi_supervised": [NORM, tower_differences.LOSS, tower_differences.FEATURES],
    "semi_supervised_corrected": [NORM, tower_differences.LOSS, tower_differences.FEATURES],
    "progressive_gan": [tower_differences.GROUPS], "remedies_gan": [tower_differences.INNER],
    "salimans_gan": [NORM, tower_differences.FEATURES],
    "cyclegan": None,  # cannot be divided
} | {name: [NORM] for name in (
    "dcgan_svhn", "dcgan_svhn_as_printed", "vanilla_gan", "dcgan_upsampling", "conditional_gan",
    "wasserstein_gan", "wasserstein_gan_convolutional", "wasserstein_gan_gp", "dcgan_class",
    "mixture_gan", "stacked_mnist_gan")}
STEPS = 4


def trained(name, count, opened=None):
    """All variables after some steps of a model of `MODELS`, and the numbers that the steps have fetched.

    The batches are divided among `count` CPU devices, or among `opened`, some devices of `devices.py`.
    """
    with new_graph(3, resource_variables=True).as_default() as graph:
        opened = opened or devices.OneMachine(count)
        with tf.device(opened.names[0]):
            _, train_set, step, _ = chapter(name)
            config = SimpleNamespace(batch_size=1, **{"pack": 1} | {
                key: value for key, value in MODELS[name][1].items() if key == "packing"})
            divided = towers.of_run(graph, opened.names, train_set, config)
            initialize = tf.global_variables_initializer()
        with opened.session(graph) as sess:
            divided.sess = sess
            sess.run(initialize)
            rng = np.random.default_rng(1)
            fetched = [step(divided if count > 1 else sess, train_set, rng) for _ in range(STEPS)]
            return values(sess), numbers(fetched)


def assert_equal(found, expected):
    """Both are what `trained` returns, in float64.

    A tower rounds each of its numbers to 2^-53 of it, and a gradient is a sum of a few hundred of them.
    Adam's first steps amplify an error of a gradient by 1 / its size, which is 1e-4 or more here.
    """
    for variable, value in expected[0].items():
        double.assert_same(found[0][variable], value, variable)
    double.assert_same(found[1], expected[1])


@pytest.mark.numerics
@pytest.mark.parametrize("name", [name if name == "mnist_gan_objectives" else pytest.param(name, marks=pytest.mark.slow)
                                  for name in MODELS if name not in DIFFERENCES])
def test_three_towers_make_the_steps_of_one_device(name):
    """The batches cannot be divided evenly, the dropout masks are those of the whole batch, and the
    objectives also fetch the norm of a gradient."""
    with double.precision():
        assert_equal(trained(name, 3), trained(name, 1))


@pytest.mark.slow
@pytest.mark.numerics
@pytest.mark.parametrize("name", [name for name, reasons in DIFFERENCES.items() if reasons])
def test_what_is_said_to_differ_does_differ(name):
    with double.precision():
        found, expected = trained(name, 2)[0], trained(name, 1)[0]
    assert any(np.abs(found[variable] - value).max() > 1e-6 for variable, value in expected.items()
               if value.dtype.kind == "f")


@pytest.mark.parametrize("name", others_slow(("mnist_gan", "progressive_gan")))
def test_what_differs_is_found_in_the_graph(name):
    with new_graph(3, resource_variables=True).as_default() as graph, without_training():
        net, train_set, *_ = chapter(name)
        if DIFFERENCES.get(name, []) is None:
            with pytest.raises(InputError, match="made for batches of 2"):
                towers.of_run(graph, ["/cpu:0"], train_set, SimpleNamespace(batch_size=2))
        else:
            assert sorted(tower_differences.found(net)) == sorted(DIFFERENCES.get(name, []))


@pytest.mark.parametrize("remedy", remedies_gan.GAMES)
def test_of_the_remedies_two_differ(remedy):
    reasons = {"unrolling": [tower_differences.INNER], "minibatch_stddev": [tower_differences.GROUPS]}
    with new_graph(3, resource_variables=True).as_default():
        net = remedies_gan.build(remedies_gan.Config(remedy=remedy, hidden_size=4), 1)
        assert tower_differences.found(net) == reasons.get(remedy, [])


def test_updates_are_the_first_towers_and_gradients_are_means_of_rows():
    """A table of three rows, of which two towers read some, and a moving average."""
    with new_graph(0, resource_variables=True).as_default() as graph, tf.device("/cpu:0"):
        rows = tf.placeholder(tf.int32, (None,))
        table = tf.get_variable("table", initializer=np.ones((3, 2)))
        average = tf.get_variable("average", initializer=np.float64(0), trainable=False)
        read = tf.nn.embedding_lookup(table, rows)
        loss = tf.reduce_mean(tf.square(read) * tf.cast(rows, tf.float64)[:, None])
        keep = tf.assign(average, tf.reduce_mean(tf.cast(rows, tf.float64)))
        by_hand = tf.get_variable("by_hand", initializer=np.ones(2))  # updated without an optimizer of TF1
        slope, = tf.gradients(tf.reduce_mean(tf.square(tf.gather(by_hand, tf.minimum(rows, 1)))), by_hand)
        with tf.control_dependencies([keep]):
            move_by_hand = tf.assign_sub(by_hand, slope / tf.sqrt(tf.square(slope) + np.float64(1)))
            adam = tf.train.AdamOptimizer(np.float64(.1), np.float64(.9), np.float64(.999), np.float64(1e-8))
            move = adam.minimize(loss)
        count = tf.reduce_sum(rows)
        initialize = tf.global_variables_initializer()
        found = {}
        for number in (1, 2):
            opened = devices.OneMachine(number)
            with opened.session(graph) as sess:
                divided = towers.Session(graph, opened.names)
                divided.sess = sess
                sess.run(initialize)
                fetched = [divided.run([move, move_by_hand.op, loss, count, read], {rows: feed})[2:]
                           for feed in ([1, 2, 2, 0, 2], [2, 1, 0])]
                found[number] = sess.run([table, by_hand, average]), fetched
    (*one, moving), fetched = found[1]
    (*two, first), also_fetched = found[2]
    for value, expected in zip(two, one):
        double.assert_same(value, expected)
    assert moving == 1 and first == 1.5  # the means of [2, 1, 0] and of [2, 1]
    for (loss, count, read), (loss_2, count_2, read_2) in zip(fetched, also_fetched):
        double.assert_same(loss_2, loss)
        assert count_2 == count and read_2.shape == read.shape
        double.assert_same(read_2, read)


def test_a_weight_that_is_not_updated_by_gradients_is_refused():
    with new_graph(0, resource_variables=True).as_default() as graph, tf.device("/cpu:0"):
        rows = tf.placeholder(tf.float32, (None,))
        weight = tf.get_variable("weight", initializer=1.)
        hebbian = tf.assign_add(weight, tf.reduce_mean(rows * weight))
        with pytest.raises(InputError, match="AssignAddVariableOp updates a weight by something else than a grad"):
            towers.Session(graph, ["/cpu:0", "/cpu:1"]).run(hebbian.op, {rows: [1., 2.]})


@pytest.mark.parametrize("rows, count, unit, ends", [(8, 2, 1, [4, 8]), (8, 3, 1, [3, 6, 8]), (8, 3, 2, [4, 6, 8])])
def test_slices_are_whole_packs_of_about_one_size(rows, count, unit, ends):
    with new_graph(0).as_default() as graph:
        assert towers.Session(graph, ["/cpu:0"] * count, unit)._ends(rows).tolist() == ends


@pytest.mark.parametrize("rows, unit, complaint", [(2, 1, "2 images cannot"), (4, 2, "in groups of 2"), (7, 2, "7 im")])
def test_batches_that_cannot_be_divided_are_refused(rows, unit, complaint):
    with pytest.raises(InputError, match=complaint):
        towers.refuse_few(rows, 3, unit)


@pytest.mark.parametrize("settings, unit", [
    ({}, 1), ({"packing": 3}, 3), ({"minibatch_stddev": True, "group_size": 4}, 4),
    ({"minibatch_stddev": False, "group_size": 4}, 1), ({"remedy": "none", "pack": 2, "group_size": 4}, 1),
    ({"remedy": "packing", "pack": 2, "group_size": 4}, 2), ({"remedy": "minibatch_stddev", "pack": 2, "group_size": 4}, 4)])
def test_images_that_the_discriminator_sees_together_stay_together(settings, unit):
    assert towers.unit_of(SimpleNamespace(**settings)) == unit


# --- runs ---

@pytest.fixture
def main(monkeypatch):
    monkeypatch.setattr(digits, "load", few_digits.load)
    without_figures(monkeypatch)
    return load_script("01_mnist_gan.py").main


def interrupt():
    raise KeyboardInterrupt


def stopped(monkeypatch, at, failure=interrupt):
    """Call `failure` after `at` saved epochs of the next trainings; returns a function that ends this."""
    save, saved = checkpoint.save, []

    def interrupted(*arguments):
        save(*arguments)
        saved.append(arguments)
        if len(saved) == at:
            failure()

    monkeypatch.setattr(checkpoint, "save", interrupted)
    return lambda: monkeypatch.setattr(checkpoint, "save", save)


def test_the_log_of_a_divided_run_says_so(main, tmp_path, capsys):
    main([*FEW, "--epochs", "1", "--towers", "2", "--run-dir", str(tmp_path)])
    log = (tmp_path / "log.txt").read_text()
    assert ", towers 2\n2 towers: every loss is a mean over images" in log
    capsys.readouterr()
    assert "towers (the run's: 2, now: 3)" in refusal(capsys, main, "--resume", "--towers", "3", "--run-dir", tmp_path)


@pytest.mark.slow
def test_a_divided_run_resumes_to_the_same_bytes(main, tmp_path, monkeypatch):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    flags = [*FEW, "--epochs", "2", "--towers", "2"]
    main([*flags, "--run-dir", str(whole)])
    undo = stopped(monkeypatch, 1)
    with pytest.raises(SystemExit):
        main([*flags, "--run-dir", str(cut)])
    undo()
    main(["--resume", "--run-dir", str(cut)])
    assert final_state(cut) == final_state(whole)


@pytest.mark.parametrize("flags, complaint", [
    (["--towers", "2", "--loop", "graph"], "leave out --loop graph"),
    (["--towers", "0"], "0 is not from 1"),
    (["--towers", "3", "--batch-size", "2"], "a batch of 2 images cannot be divided among 3 towers"),
    (["--towers", "2", "--cluster", "a:1"], "not allowed with"),
    (["--cluster", "a"], "'a', which is not HOST:PORT"),
    (["--cluster", "a:1,b:2,a:1"], "names a server twice"),
    (["--cluster", "TF_CONFIG"], "it has no 'worker'"),
    (["--cluster", "a:1", "--patience", "0"], "'0' is not a number of seconds")])
def test_what_cannot_be_meant_is_refused(main, capsys, monkeypatch, flags, complaint):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"ps": ["a:1"]}}')
    assert complaint in refusal(capsys, main, *flags)


def test_the_addresses_of_tf_config(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"index": 1}}')
    assert devices.addresses("TF_CONFIG") == ["a:1", "b:2"]


def test_a_clients_saver_writes_the_files_of_tensorflows_own(tmp_path):
    with new_graph(0, resource_variables=True).as_default() as graph, tf.variable_scope("a"):
        count, weights = tf.get_variable("n", initializer=7), tf.get_variable("w", initializer=[1., 2.])
        own, client = tf.train.Saver(), devices.ClientSaver(max_to_keep=None)
        change = [tf.assign(count, 0), tf.assign(weights, [0., 0.])]
        with tf.Session(graph=graph, config=session_config()) as sess:
            sess.run(tf.global_variables_initializer())
            own.save(sess, str(tmp_path / "own"))
            client.save(sess, str(tmp_path / "client"))
            sess.run(change)
            client.restore(sess, str(tmp_path / "own"))
            assert sess.run(count) == 7 and sess.run(weights).tolist() == [1, 2]
    one, other = (next(tmp_path.glob(f"{name}.data*")).read_bytes() for name in ("own", "client"))
    assert one == other


# --- servers, without TensorFlow's ---

@pytest.fixture
def waiting():
    """A `server.Server` that waits in a thread of this process."""
    made = server.Server("127.0.0.1", 0)
    threading.Thread(target=lambda: pytest.raises(OSError, made.serve), daemon=True).start()
    yield made
    made._training = None  # those of the tests are no processes
    made._listening.shutdown(socket.SHUT_RDWR)  # ends the wait for a client
    made.close()


def test_a_server_of_another_version_is_refused(main, waiting, monkeypatch, capsys, home):
    ours = server.versions()
    monkeypatch.setattr(server, "versions", lambda: ours | {"gan_tf1": "0.1"})
    line = refusal(capsys, main, "--cluster", f"127.0.0.1:{waiting.port}")
    assert f"the server 127.0.0.1:{waiting.port} refuses: it runs Python" in line
    assert "gan_tf1 0.1" in line and f"this script Python {ours['Python']}, gan_tf1 {ours['gan_tf1']}" in line
    assert not home.exists()


def test_a_host_whose_name_can_not_be_one_is_named(main, capsys):
    assert "no server answers at 10.0.0..5:2222" in refusal(capsys, main, "--cluster", "10.0.0..5:2222")


def test_a_message_that_is_nested_too_deeply_ends_the_connection_alone():
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"[" * 100_000 + b"\n")
        line = server.Line.__new__(server.Line)  # without the options of TCP
        line.connection, line._unread = other, b""
        with pytest.raises(ConnectionResetError):
            line.receive(5)


def test_a_server_in_use_is_refused(main, waiting, capsys, monkeypatch):
    def wait(seconds):
        raise server.subprocess.TimeoutExpired("training", seconds)
    waiting._training, waiting._client = SimpleNamespace(wait=wait, poll=lambda: None), "process 1 from 10.0.0.9"
    line = refusal(capsys, main, "--cluster", f"127.0.0.1:{waiting.port}")
    assert "it is already in use, by process 1 from 10.0.0.9" in line


def test_a_server_that_cannot_be_reached_is_refused_with_the_command_that_starts_it(main, capsys, monkeypatch):
    port = server.free_port("127.0.0.1")
    line = refusal(capsys, main, "--cluster", f"127.0.0.1:{port}")
    assert f"no server answers at 127.0.0.1:{port}" in line and f"python -m gan_tf1.server --port {port}" in line
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts connections, and says nothing
        monkeypatch.setattr(devices, "CONNECT_SECONDS", 0.1)
        assert "timed out" in refusal(capsys, main, "--cluster", f"127.0.0.1:{silent.getsockname()[1]}")


def test_a_port_that_another_process_has_is_refused(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        line = refusal(capsys, server.main, "--port", other.getsockname()[1])
    assert "Address already in use" in line
