"""The benchmark: counts of operations, workers, rounds, the table, and bad input."""

import csv
import importlib.util
import io
import json
import time

import numpy as np
import pytest

import few_digits
from conftest import load_script, refusal
from gan_tf1.bench import ceiling, drive, flops, growth, loop, rows, table, worker, work as works
from gan_tf1.data import digits
from gan_tf1.errors import InputError, TrainingError
from gan_tf1.models import dcgan_svhn, mnist_gan
from gan_tf1.tf1 import new_graph, tf

benchmark = load_script("benchmark.py")


def few(count=300):
    """Random digits as `work.Data`."""
    images = np.random.default_rng(0).integers(0, 256, (count, 28, 28), np.uint8)
    return works.Data(images, np.zeros(count, np.uint8), np.zeros(count, np.int32))


# --- operations ---

def test_the_dense_gans_operations_equal_a_count_by_hand():
    b, z, g, d, x = 7, 5, 6, 4, 784
    config = mnist_gan.Config(gen_z_size=z, gen_hidden_size=g, disc_hidden_size=d)
    with new_graph(0).as_default():
        gan = mnist_gan.build(config)
    step = ([[gan.disc_train_opt], [gan.gen_train_opt]],
            {gan.real_discriminator_input: [b, x], gan.generator_input_z: [b, z]})
    found = flops.of_runs(*step)
    generator, discriminator = z * g + g * x, x * d + d
    # Forward, gradients of the weights, and gradients of the second layer's input.
    of_disc = generator + 2 * (2 * discriminator + d)
    of_gen = generator + discriminator + discriminator + generator + g * x
    assert found.needed == 2 * b * (of_disc + of_gen)
    # With gates, also gradients of the first layer's input and of the discriminator's weights.
    assert found.executed == found.needed + 2 * b * (2 * x * d + discriminator + z * g)

    # Both calls make the same images, which a step needs once.
    assert flops.of_runs(*step, same=[gan.gen_model]) == (found.needed - 2 * b * generator, found.executed)


def test_the_convolutional_gans_operations_equal_a_count_by_hand():
    b, z, g, d = 3, 5, 2, 4
    config = dcgan_svhn.Config(z_size=z, g_size_mult=g, d_size_mult=d)
    with new_graph(0).as_default():
        net = dcgan_svhn.build(config)
    step = ([[net.d_opt], [net.g_opt]], {net.input_real: [b, 32, 32, 3], net.input_z: [b, z]})
    found = flops.of_runs(*step)
    dense, *transposed = (z * 64 * g, 16 * 4 * g * 25 * 2 * g, 64 * 2 * g * 25 * g,
                          256 * g * 25 * 3)
    first, *others = (256 * d * 25 * 3, 64 * 2 * d * 25 * d, 16 * 4 * d * 25 * 2 * d, 64 * d)
    generator, discriminator = dense + sum(transposed), first + sum(others)
    of_d = generator + 2 * (2 * discriminator + sum(others))
    of_g = 2 * generator + sum(transposed) + 2 * discriminator
    assert found.needed == 2 * b * (of_d + of_g)
    real_pass = first + sum(others[:2])  # runs only for the moving averages of batch norm
    assert found.executed == found.needed + 2 * b * (
        2 * first + discriminator + dense + real_pass)
    assert flops.of_runs(*step, same=[net.samples]) == (found.needed - 2 * b * generator, found.executed)


def test_an_unknown_shape_is_reported():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, (None, 3), name="x")
        product = tf.matmul(x, tf.ones((3, 4)))
        with pytest.raises(ValueError, match="give the sizes of all placeholders"):
            flops.of_run([product], {})
        assert flops.of_run([product], {x: [5, 3]}) == 2 * 5 * 3 * 4


def test_the_ceilings_products_equal_numpy(monkeypatch):
    monkeypatch.setattr(ceiling, "SIZE", 64)
    a, b = np.random.default_rng(0).normal(size=(2, 64, 64)).astype(np.float32)
    multiplied = {"numpy": ceiling._numpy(a, b, "float32")[0]}
    if importlib.util.find_spec("torch"):
        multiplied["torch"] = ceiling._torch(a, b, "float32")[0]
    for library, multiply in multiplied.items():
        np.testing.assert_allclose(multiply(), a @ b, rtol=0, atol=1e-4, err_msg=library)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_ceilings_unit_is_one_product(monkeypatch, precision):
    monkeypatch.setattr(ceiling, "SIZE", 64)
    try:
        runner = ceiling.product(None, None, None, "tensorflow", precision)
    except InputError as error:
        pytest.skip(str(error))
    assert runner.run(2) == {} and tuple(runner.flops) == (2 * 64**3,) * 2


# --- data and rows ---

def test_data_is_saved_read_and_scaled(tmp_path):
    data = few()
    works.save(data, tmp_path / "data.npz")
    for before, after in zip(data, works.read(tmp_path / "data.npz")):
        np.testing.assert_array_equal(before, after)
    assert data.flat().shape == (300, 784) and data.flat().dtype == np.float32
    assert data.flat().min() == -1 and data.flat().max() == 1


def test_street_numbers_are_loaded_with_few_labels():
    title, data = works.load("streets", examples=80)
    assert "synthetic" in title and data.images.shape == (80, 32, 32, 3)
    assert data.label_mask.sum() == 2 and data.label_mask[:2].all()


def test_an_epoch_has_one_step_per_whole_batch():
    for name, expected in (("mnist_gan", 3), ("wgan_gp", 1)):
        work = works.WORKS[name]
        assert works.steps(work, works.config_of(work, {"batch_size": 90}), few()) == expected
    with pytest.raises(InputError, match="--batch-size"):
        works.steps(work, works.config_of(work, {"batch_size": 301}), few())


def test_a_missing_package_is_reported(monkeypatch):
    work = works.WORKS["mnist_gan"]
    assert rows.absent(rows.ALL["ours"], work) is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "keras" else object())
    assert rows.absent(rows.ALL["torch"], work) is None  # a row needs only its own library
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert rows.absent(rows.ALL["jax"], work) == (
        "jax is not installed: pip install -e '.[bench]'")
    assert rows.absent(rows.ALL["listing"], works.WORKS["wgan_gp"]) == "it has no wgan_gp"
    assert rows.absent(rows.ALL["jax-step"], work) == "it has no mnist_gan"


# --- workers ---

def test_a_worker_answers_each_line():
    asked, said = [], []

    def run(units):
        asked.append(units)
        time.sleep(0.01 * units)
        return {"loss": 0.5}

    runner = rows.Runner(run, None, ("numpy",), flops.Count(1, 2), 0.25)
    worker.serve(runner, io.StringIO("3\n1\n"), said.append)
    ready, *answers = json.loads(json.dumps(said))
    assert ready == {"ready": True, "flops": [1, 2], "part": 0.25,
                     "versions": {"numpy": np.__version__}}
    assert asked == [3, 1] and [answer["losses"] for answer in answers] == 2 * [{"loss": 0.5}]
    assert all(answer["seconds"] >= 0.01 * units and answer["peak_mib"] > 1
               for units, answer in zip(asked, answers))


def test_rounds_are_interleaved_and_a_lost_worker_is_left_out(tmp_path):
    work, path, said = works.WORKS["mnist_gan"], tmp_path / "data.npz", []
    works.save(few(), path)
    product = rows.CEILINGS["product-numpy"]
    entrants = [drive.Entrant("one", product, work, path, 1),
                drive.Entrant("other", product, work, path, 2),
                drive.Entrant("lost", product, work, tmp_path / "none.npz", 1)]
    answers, readies, lost = drive.measure(entrants, 3, np.random.default_rng(0), said.append)
    assert set(answers) == set(readies) == {"one", "other"}
    assert [len(own) for own in answers.values()] == [3, 3]
    assert list(lost) == ["lost"] and "none.npz" in lost["lost"]
    assert any(line.startswith("lost is left out: ") for line in said)
    assert [answer["units"] for answer in answers["other"]] == [2, 2, 2]
    with pytest.raises(TrainingError, match="none.npz"):
        drive.needed("lost", lost)
    drive.needed("one", lost)


def test_what_waiting_workers_used_is_a_share_of_the_time_in_which_others_worked():
    answers = {"one": [{"seconds": 2., "waited_cpu": 0.25}, {"seconds": 1., "waited_cpu": 0.5}],
               "other": [{"seconds": 3., "waited_cpu": 0.75}]}
    assert drive.waited(answers) == 1.5 / 6 and drive.waited({"one": []}) == 0


def test_a_row_that_would_take_too_long_does_one_unit_per_round(monkeypatch):
    asked = []

    def ask(worker, units):
        asked.append(units)
        return {"seconds": 9.0 if len(asked) == 1 else 2.0 * units}

    monkeypatch.setattr(drive, "ask", ask)
    worker = drive.Worker(drive.Entrant("slow", None, None, "", 8), None, None, {})
    quick, seconds = drive.warmed_up(worker, 16)
    assert asked == [1, 1, 8] and quick.entrant.units == 8 and seconds == 9 + 2 + 16
    asked.clear()
    slow, seconds = drive.warmed_up(worker, 15.9)
    assert asked == [1, 1] and slow.entrant.units == 1 and seconds == 11


# --- the table ---

def invented():
    """Entrants and answers of three rounds; in the second round the machine was slow."""
    work = works.WORKS["mnist_gan"]
    entrants = [drive.Entrant(key, (rows.ALL | rows.CEILINGS)[key], work, "", units)
                for key, units in (("ours", 1), ("keras", 1), ("ours-graph-mixed", 1),
                                   ("product-numpy", 2), ("product-torch-bfloat16", 1))]
    seconds = {"ours": (1, 9, 1.1), "keras": (2, 9, 3.3), "ours-graph-mixed": (.5, 4.5, .55),
               "product-numpy": (4, 2, 3), "product-torch-bfloat16": (1, 1, .5)}
    units = {entrant.name: entrant.units for entrant in entrants}
    answers = {name: [{"seconds": value, "units": units[name], "peak_mib": 100.0,
                       "waited_cpu": 0.0} for value in own] for name, own in seconds.items()}
    readies = {name: {"part": 0.1 if name == "keras" else 1.0, "versions": {"numpy": "2"},
                      "flops": [50e9, 60e9] if name.startswith("product") else [22e9, 30e9]}
               for name in seconds}
    return work, entrants, answers, readies


def test_ratios_compare_the_same_round_and_shares_use_the_rows_own_ceiling():
    found = {line.row: line for line in table.lines(*invented())}
    assert set(found) == {"ours", "keras", "ours-graph-mixed"}
    assert found["ours"].ratio == 1 and found["ours"].seconds == 1.1
    assert found["keras"].ratio == pytest.approx(20)  # 20, 10 and 30, since a tenth was timed
    assert found["keras"].seconds == pytest.approx(33)
    assert found["ours-graph-mixed"].ratio == pytest.approx(0.5)
    assert found["ours"].gflops == pytest.approx(20)
    assert found["ours"].ceiling == pytest.approx(50)   # two products of 50 GFLOP in 2 s
    assert found["ours"].share == pytest.approx(0.4)
    assert found["ours-graph-mixed"].ceiling == pytest.approx(100)
    assert found["ours-graph-mixed"].share == pytest.approx(0.4)


def test_the_table_is_written_as_text_csv_and_figure(tmp_path):
    found = table.lines(*invented())
    assert table.ratios_text(found) == (
        "mnist_gan, time relative to ours, feed loop: Keras, predict and train_on_batch 20.00, "
        "ours, graph loop, mixed precision 0.50 (ceiling 50 GFLOP/s)")
    assert table.best_text(found) == (
        "mnist_gan in float32, the best of each: ours, feed loop 1.00; "
        "Keras, predict and train_on_batch 20.00 (20.00 times ours)")
    text = table.markdown(found)
    assert "0.1 of a unit timed" in text and len({len(line) for line in text.splitlines()}) == 1
    table.write_csv(found, tmp_path / "b.csv", {"mnist_gan": "drawn digits"},
                    {"mnist_gan": "7cd8a48a"})
    read = list(csv.DictReader(open(tmp_path / "b.csv", newline="")))
    assert [row["row"] for row in read] == [line.row for line in found]
    assert read[0]["seconds_of_rounds"] == "1 9 1.1" and read[0]["data"] == "drawn digits"
    assert read[0]["data_crc32"] == "7cd8a48a"
    [axes] = table.figure(found, {"mnist_gan": "drawn digits"}).axes
    assert axes.get_title() == "MNIST GAN, an epoch, on drawn digits"


def test_growth_compares_the_time_per_image_with_the_first_size(tmp_path, monkeypatch):
    asked = []

    def measured(entrants, rounds, rng, say):
        asked.extend(entrants)
        data = [works.read(entrant.data) for entrant in entrants]
        return {entrant.name: [{"seconds": len(own.images) * entrant.units * 1e-5,
                                "peak_mib": 10.0}] for entrant, own in zip(entrants, data)}, {}, {}

    monkeypatch.setattr(drive, "measure", measured)
    points = growth.measure(rows.ALL["ours"], few(1600), tmp_path, None, lambda text: None)
    sizes = {grown: [point.size for point in points if point.grown == grown]
             for grown in ("batch size", "images", "epochs")}
    assert sizes == {"batch size": [32, 64, 128, 256, 512, 1024], "images": [200, 400, 800, 1600],
                     "epochs": [1, 2, 4, 8]}
    assert [entrant.config["batch_size"] for entrant in asked[:2]] == [32, 64]
    assert [point.against_first for point in points if point.grown == "epochs"] == 4 * [
        pytest.approx(1)]
    # Only 1,024 of 1,600 images are in whole batches, so each seems to take 1.56 times as long.
    assert points[5].against_first == pytest.approx(1600 / 1024)
    assert len(growth.markdown(points).splitlines()) == len(points) + 2
    growth.write_csv(points, tmp_path / "growth.csv", "MNIST, data_crc32 7cd8a48a")
    first, *others = open(tmp_path / "growth.csv").readlines()
    assert first == "# data: MNIST, data_crc32 7cd8a48a\n" and len(others) == len(points) + 1


# --- the command ---

@pytest.mark.parametrize("arguments, named", [
    (["--rounds", "4"], "--rounds must be at least 5"),
    (["--rows", "pytorch"], "invalid choice: 'pytorch'"),
    (["--work", "gan"], "invalid choice: 'gan'"),
    (["--work"], "--work: expected at least one argument"),
    (["--parts", "works", "--work", "dcgan_svhn", "--examples", "0"], "--examples 0"),
    (["--parts", "works", "--work", "dcgan_svhn", "--examples", "99999"], "2048"),
    (["--parts", "works", "--work", "dcgan_svhn", "--examples", "9"], "batch of 128"),
])
def test_bad_input_gives_one_line(capsys, tmp_path, arguments, named):
    assert named in refusal(capsys, benchmark.main, *arguments, "--out", tmp_path / "b")


def test_the_command_measures_and_writes(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "load", few_digits.load)
    monkeypatch.setattr(rows, "CEILINGS", {"product-numpy": rows.CEILINGS["product-numpy"]})
    benchmark.main(["--parts", "works", "--work", "mnist_gan", "--rows", "ours", "--examples",
                    "300", "--out", str(tmp_path / "b")])
    out = capsys.readouterr().out
    assert "waiting workers used" in out and "ours, feed loop" in out
    [row] = csv.DictReader(open(tmp_path / "b.csv", newline=""))
    assert row["row"] == "ours" and float(row["ratio"]) == 1 and "synthetic" in row["data"]
    assert len(row["seconds_of_rounds"].split()) == 5 and float(row["share"]) > 0
    assert (tmp_path / "b.md").read_text() in out and (tmp_path / "b.png").stat().st_size > 1000


def test_only_products_in_the_rows_precisions_are_timed(tmp_path):
    works.save(few(), tmp_path / "data.npz")

    def products(*chosen):
        entrants = benchmark.entrants_of(works.WORKS["mnist_gan"], chosen, tmp_path / "data.npz")
        return {entrant.row.precision for entrant in entrants if entrant.name in rows.CEILINGS}

    assert products("ours", "ours-graph") == {"float32"}
    assert products("ours", "ours-graph-mixed") == {"float32", "bfloat16"}


def test_the_loop_is_compared_with_the_bare_calls(capsys, monkeypatch):
    monkeypatch.setattr(digits, "load", few_digits.load)
    loop.main(["--rounds", "5"])
    out = capsys.readouterr().out
    assert out.count("bare session.run calls: median") == 2 and "(from" in out
    assert "3 rounds)" in out and "peak resident memory" in out
    assert "--rounds" in refusal(capsys, loop.main, "--rounds", "3")
