"""Serve a report on this machine alone, with what its page needs to compute convolutional generators.

A page that is opened from disk may not read other files. So the page, the ONNX files of the generators and
onnxruntime-web are served on 127.0.0.1. The server knows these files by their names and gives out no other.
It answers only requests that were addressed to this machine by name: otherwise any page on the Internet could
name a host of its own, let it point here, and read the answers (DNS rebinding).
"""

import http.server
import pathlib
import urllib.parse
from http import HTTPStatus

from gan_tf1.errors import InputError
from gan_tf1.files import replacing, unoccupied
from gan_tf1.report import browser_runtime, contents, convolutional, page

ADDRESS = "127.0.0.1"
PORT = 8000
TYPES = {".html": "text/html; charset=utf-8", ".mjs": "text/javascript", ".wasm": "application/wasm",
         ".onnx": "application/octet-stream"}


def folder_of(out) -> pathlib.Path:
    """The folder of the files that the page `out` needs, beside it."""
    return out.with_name(f"{out.stem}_files")


def write(paths, out, overwrite=False) -> dict[str, pathlib.Path]:
    """Write a report on the run directories `paths` to the file `out`, and what it needs to `folder_of(out)`.

    Returns the files to serve by their URL paths, such as "/report.html". Generators that are not in the page
    itself become ONNX files; without any, there is no folder. Raises InputError if something can't be written,
    or if onnxruntime-web or the extra `[onnx]` is missing.
    """
    found, folder = contents.of_runs(paths), folder_of(out)
    generators = page.generators(found)
    files = {}
    for place, run in enumerate(found.runs):
        if generators[place] is None and convolutional.possible(run):
            generators[place] = convolutional.of_run(run.path)
        if isinstance(generators[place], convolutional.Generator):
            files[convolutional.file_name(place)] = generators[place].model
    if files:
        files |= browser_runtime.files()
        if not overwrite:
            unoccupied(folder)
    text = page.html(found, generators, urllib.parse.quote(folder.name))
    for path, content in [*((folder / name, content) for name, content in files.items()), (out, text.encode())]:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    own = f"/{urllib.parse.quote(out.name)}"
    return {"/": out, own: out, **{f"/{urllib.parse.quote(folder.name)}/{name}": folder / name for name in files}}


def server(files, port) -> http.server.ThreadingHTTPServer:
    """A server of `files` on 127.0.0.1, which `serve_forever` starts; port 0 stands for any free one.

    Raises InputError if the port can't be used.
    """
    try:
        return http.server.ThreadingHTTPServer((ADDRESS, port), _handler(files))
    except (OSError, OverflowError) as error:
        raise InputError(f"port {port} can't be used ({getattr(error, 'strerror', None) or error}): name another, "
                         "for example --serve 8001") from error


def address(running) -> str:
    """The address of the page."""
    return f"http://{ADDRESS}:{running.server_address[1]}/"


def _handler(files):
    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers GET and HEAD requests for the `files`."""
        server_version, sys_version = "gan_tf1", ""

        def do_GET(self):
            self.answer(body=True)

        def do_HEAD(self):
            self.answer(body=False)

        def answer(self, body):
            port = self.server.server_address[1]
            named = [f"{name}:{port}" for name in (ADDRESS, "localhost")] + [ADDRESS, "localhost"] * (port == 80)
            if self.headers.get("Host") not in named:
                return self.send_error(HTTPStatus.MISDIRECTED_REQUEST, f"only {ADDRESS}:{port} is served")
            path = files.get(self.path.partition("?")[0])
            if path is None:
                return self.send_error(HTTPStatus.NOT_FOUND)
            try:
                content = pathlib.Path(path).read_bytes()
            except OSError:
                return self.send_error(HTTPStatus.NOT_FOUND)
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", TYPES[path.suffix])
            self.send_header("Content-Length", str(len(content)))
            if path.suffix == ".html":
                self.send_header("Content-Security-Policy", "frame-ancestors 'none'")  # the rest is in the page
            for name, value in (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"),
                                ("Cross-Origin-Resource-Policy", "same-origin"), ("Referrer-Policy", "no-referrer")):
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *args):
            pass  # a terminal full of requests helps nobody

    return Handler
