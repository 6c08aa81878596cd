"""A report that is served: which files the server gives to whom, and convolutional generators in a browser."""

import base64
import contextlib
import hashlib
import http.client
import importlib.util
import io
import re
import shutil
import socket
import subprocess
import tarfile
import threading

import numpy as np
import pytest

from browser import CHROMIUM, browser
from conftest import load_script, refusal
from gan_tf1.errors import InputError
from gan_tf1.generators import onnx_export
from gan_tf1.models import dcgan_svhn
from gan_tf1.report import browser_runtime, contents, convolutional, page, serve
from test_generator import SHIPPED, untrained_run
from test_report import Elements, document, run_at

SVHN = {"chapter": "dcgan_svhn", "data": "svhn", "data_title": "SVHN", "settings": vars(dcgan_svhn.Config()),
        "sample_shape": [36, 32, 32, 3]}


def svhn_run(path):
    """A run directory of a convolutional chapter, with a checkpoint that nothing reads."""
    run = run_at(path, 3, np.zeros((3, 4, 32, 32, 3), np.float32), **SVHN)
    shutil.copytree(SHIPPED / "generator", run / "generator")
    return run


def made(together=False):
    rng = np.random.default_rng(0)
    return convolutional.Generator(b"the model", (32, 32, 3), rng.normal(0, 1, (16, 100)), None, 0,
                                   rng.uniform(-1, 1, (16, 3072)), together, np.eye(8, 100), True, 3)


@contextlib.contextmanager
def running(files):
    """A context with the address and the port of a server of `files`."""
    with serve.server(files, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield serve.address(server), server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def answer(port, path, host=None, method="GET"):
    """The status, the headers and the content of an answer; `path` is sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{port}")
    connection.endheaders()
    found = connection.getresponse()
    with contextlib.closing(connection):
        return found.status, found.headers, found.read()


# --- what is served ---

def test_a_served_page_has_its_generators_beside_it_and_a_policy_that_allows_them(monkeypatch, tmp_path):
    run = svhn_run(tmp_path / "run")
    monkeypatch.setattr(convolutional, "of_run", lambda path: made())
    monkeypatch.setattr(browser_runtime, "files", lambda: {"ort.mjs": b"script", "ort.wasm": b"wasm"})
    files = serve.write([run], tmp_path / "my report.html")
    folder = tmp_path / "my report_files"
    assert files == {"/": tmp_path / "my report.html", "/my%20report.html": tmp_path / "my report.html", **{
        f"/my%20report_files/{name}": folder / name for name in ("generator-1.onnx", "ort.mjs", "ort.wasm")}}
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        "generator-1.onnx": b"the model", "ort.mjs": b"script", "ort.wasm": b"wasm"}
    text = (tmp_path / "my report.html").read_text()
    [packed] = [one["generator"] for one in document(text)["runs"]]
    assert packed["file"] == "my%20report_files/generator-1.onnx" and packed["shape"] == [32, 32, 3]
    assert packed["script"] == f"my%20report_files/{browser_runtime.SCRIPT}"
    policy = next(attributes["content"] for tag, attributes in Elements(text).found
                  if attributes.get("http-equiv") == "Content-Security-Policy")
    assert re.fullmatch(r"default-src 'none'; img-src data:; style-src 'sha256-[^']+'; script-src 'sha256-[^']+' "
                        r"'self' 'wasm-unsafe-eval'; connect-src 'self'; base-uri 'none'; form-action 'none'", policy)
    with pytest.raises(InputError, match="my report_files is occupied"):
        serve.write([run], tmp_path / "my report.html")
    serve.write([run], tmp_path / "my report.html", overwrite=True)


def test_a_page_from_disk_says_how_to_play_with_a_convolutional_generator(tmp_path):
    run = svhn_run(tmp_path / "a run")
    text = page.html(contents.of_runs([run]))
    assert f"serve the page: python scripts/report.py '{run}' --serve" in Elements(text).text
    assert "wasm" not in text[:text.index("<title>")] and document(text)["runs"][0]["generator"] is None


def test_the_server_gives_out_its_files_and_nothing_else(tmp_path):
    (tmp_path / "secret.html").write_text("secret")
    (tmp_path / "page_files").mkdir()
    (tmp_path / "page.html").write_text("page")
    (tmp_path / "page_files" / "ort.wasm").write_bytes(b"wasm")
    files = {"/": tmp_path / "page.html", "/page_files/ort.wasm": tmp_path / "page_files" / "ort.wasm",
             "/page_files/gone.mjs": tmp_path / "page_files" / "gone.mjs"}
    with running(files) as (address, port):
        assert address == f"http://127.0.0.1:{port}/"
        status, headers, content = answer(port, "/?x=1")
        assert (status, content, headers["Content-Type"]) == (200, b"page", "text/html; charset=utf-8")
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
        assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        status, headers, content = answer(port, "/page_files/ort.wasm", host=f"localhost:{port}")
        assert (status, content, headers["Content-Type"]) == (200, b"wasm", "application/wasm")
        assert answer(port, "/", method="HEAD")[2] == b"" and answer(port, "/", method="POST")[0] == 501
        for path in ("/secret.html", "/page_files/../secret.html", "/page_files/%2e%2e/secret.html", "/page_files/",
                     "//etc/passwd", "/page_files/gone.mjs", str(tmp_path / "secret.html"), "http://127.0.0.1/"):
            status, _, content = answer(port, path)
            assert status == 404 and b"secret" not in content.replace(path.encode(), b""), path
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", "127.0.0.1.evil"):
            status, _, content = answer(port, "/", host=host)
            assert status == 421 and b"page" not in content, host


def test_a_server_listens_on_this_machine_only():
    with serve.server({}, 0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_the_script_refuses_bad_ports_with_one_line(tmp_path, capsys):
    main, run = load_script("report.py").main, svhn_run(tmp_path / "run")
    for text in ("65536", "-1", "checkpoints/run", "1e3"):
        assert f"{text!r} is not a port, 0 to 65535; runs stand before --serve" in refusal(
            capsys, main, run, f"--serve={text}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} can't be used (" in refusal(capsys, main, SHIPPED, "--serve", port, "--out",
                                                          tmp_path / "out.html")


def test_the_script_says_what_is_missing_and_leaves_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(onnx_export, "PACKAGES", ("onnx_of_nobody",))
    line = refusal(capsys, load_script("report.py").main, svhn_run(tmp_path / "run"), "--serve", "--out",
                   tmp_path / "out.html")
    assert 'not installed: onnx_of_nobody. ONNX needs the extra packages of pip install -e ".[onnx]"' in line
    assert {path.name for path in tmp_path.iterdir()} == {"run"}


# --- onnxruntime-web ---

@pytest.fixture
def pinned(monkeypatch, tmp_path):
    """A drawn archive with its checksums pinned, an empty cache, and no npm; returns (archive, folder of the cache)."""
    archive, contents = tmp_path / "drawn.tgz", {name: name.encode() for name in browser_runtime.FILES}
    with tarfile.open(archive, "w:gz") as members:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(content)
            members.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(browser_runtime, "FILES", {
        name: hashlib.sha256(content).hexdigest() for name, content in contents.items()})
    monkeypatch.setattr(browser_runtime, "SHA512", base64.b64encode(
        hashlib.sha512(archive.read_bytes()).digest()).decode())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(browser_runtime.shutil, "which", lambda name: None)
    return archive, browser_runtime.folder()


def test_an_archive_beside_the_cache_is_used_and_its_files_are_kept(pinned):
    archive, folder = pinned
    folder.mkdir(parents=True)
    shutil.copy(archive, folder / browser_runtime.ARCHIVE)
    found = browser_runtime.files()
    assert found == {name: name.encode() for name in browser_runtime.FILES}
    (folder / browser_runtime.ARCHIVE).unlink()
    assert browser_runtime.files() == found
    (folder / browser_runtime.SCRIPT).write_text("changed")
    with pytest.raises(InputError, match="npm is not installed"):
        browser_runtime.files()


def test_an_archive_with_another_checksum_is_refused(pinned):
    archive, folder = pinned
    folder.mkdir(parents=True)
    (folder / browser_runtime.ARCHIVE).write_bytes(archive.read_bytes() + b"\0")
    with pytest.raises(InputError, match="its checksum is another. Delete it"):
        browser_runtime.files()
    assert [path.name for path in folder.iterdir()] == [browser_runtime.ARCHIVE]


def test_without_cache_and_npm_there_is_one_line(pinned, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(convolutional, "of_run", lambda path: made())
    line = refusal(capsys, load_script("report.py").main, svhn_run(tmp_path / "run"), "--serve", "--out",
                   tmp_path / "out.html")
    assert f"onnxruntime-web {browser_runtime.VERSION} is not in the cache and can't be downloaded (npm is not " in line
    assert str(pinned[1]) in line and not (tmp_path / "out.html").exists() and not (tmp_path / "out_files").exists()


def test_what_npm_says_is_passed_on(pinned, monkeypatch):
    monkeypatch.setattr(browser_runtime.shutil, "which", lambda name: "/usr/bin/npm")
    monkeypatch.setattr(browser_runtime.subprocess, "run", lambda *args, **options: subprocess.CompletedProcess(
        args, 1, "", "npm error code ENOTFOUND\nnpm error network\n"))
    with pytest.raises(InputError, match=r"can't be downloaded \(code ENOTFOUND\)"):
        browser_runtime.files()


# --- convolutional generators ---

@pytest.mark.parametrize("together", [False, True])
def test_directions_are_those_of_the_derivative(together):
    rng = np.random.default_rng(0)
    weights, latents = rng.normal(0, 1, (12, 40)) * np.arange(12, 0, -1)[:, None], rng.normal(0, 1, (16, 12))
    found = convolutional.directions(lambda z, labels: np.tanh(0.001 * z @ weights), latents, None, together)
    wanted, *_ = np.linalg.svd(weights, full_matrices=False)
    assert abs(found[0] @ wanted[:, 0]) > 0.99
    np.testing.assert_allclose(found @ found.T, np.eye(8), atol=1e-9)


needs_browser = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def runtime():
    """onnxruntime-web in the cache of the tests; the test is skipped if it can be had from nowhere."""
    try:
        return browser_runtime.files()
    except InputError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.numerics
@needs_browser
@pytest.mark.skipif(not all(map(importlib.util.find_spec, onnx_export.PACKAGES)),
                    reason='pip install -e ".[onnx]" has not been run')
@pytest.mark.parametrize("chapter, settings, shape", [
    ("dcgan_svhn", {"g_size_mult": 4}, [36, 32, 32, 3]),
    ("dcgan_class", {"gen_channels": 2, "variant": "as_printed"}, [16, 784])])
def test_a_browser_computes_the_session_s_images_of_a_convolutional_generator(
        tmp_path, untrained, runtime, chapter, settings, shape):
    run = untrained_run(tmp_path / "run", chapter, shape=shape, **settings)
    files = serve.write([run], tmp_path / "report.html")
    [packed] = [one["generator"] for one in document((tmp_path / "report.html").read_text())["runs"]]
    assert packed["together"] == (chapter == "dcgan_class")
    with running(files) as (address, _), browser() as page_in:
        page_in.open(address)
        assert float(page_in.wait("document.querySelector('#difference')?.dataset.difference")) < (
            convolutional.TOLERANCE)
        assert "computes the images with onnxruntime-web" in page_in.value("document.body.innerText")
        assert not page_in.value("document.body.innerText").count("--serve")
        # The sliders change the image, and the map is drawn.
        page_in.wait("document.querySelector('.big').ariaLabel")  # set when it is drawn
        before = page_in.value("document.querySelector('.big').toDataURL()")
        page_in.value("document.querySelector('.sliders input').focus()")
        page_in.press("End")
        assert page_in.wait(f"document.querySelector('.big').toDataURL() != {before!r}")
        page_in.open((tmp_path / "report.html").absolute().as_uri())
        assert page_in.wait("document.querySelector('.unserved')?.textContent.includes('--serve')")
        assert not page_in.value("document.querySelector('#difference')")
