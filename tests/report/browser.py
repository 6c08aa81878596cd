"""Headless Chromium for tests: opens a page, waits in real time, and computes JavaScript in it.

Chromium is told what to do over two pipes (`--remote-debugging-pipe`), so that no port and no package is needed.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 120  # seconds until a page that never gets ready fails a test


class Browser:
    """A page in headless Chromium."""

    def __init__(self, read, write):
        self._read, self._write, self._number, self._session = read, write, 0, {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        self.call("Page.enable")

    def call(self, method, **parameters):
        """The result of a command of the Chrome DevTools Protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **self._session}
        self._write.write(json.dumps(message).encode() + b"\0")
        self._write.flush()
        while True:
            answer = json.loads(self._message())
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _message(self):
        parts = []
        while (byte := self._read.read(1)) != b"\0":
            assert byte, "Chromium has ended"
            parts.append(byte)
        return b"".join(parts)

    def open(self, address, width=900, height=1200, dark=False):
        """Open the page at `address` in a window of this size in pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=address)

    def value(self, expression):
        """The value of a JavaScript expression, awaited if it is a promise."""
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, expression):
        """The value of a JavaScript expression as soon as it is neither false nor empty."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := self.value(expression):
                return found
            time.sleep(0.2)
        raise AssertionError(f"never true: {expression}\n{self.value('document.body.innerText')}")

    def press(self, key):
        """Press and release a key, such as "Enter" or "ArrowLeft"."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, **({"text": text} if kind == "keyDown" else {}))


@contextlib.contextmanager
def browser():
    """A context with a `Browser`."""
    (to_read, to_write), (from_read, from_write) = os.pipe(), os.pipe()

    def connect():  # Chromium reads from 3 and writes to 4
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (to_read, from_write)]
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"], preexec_fn=connect, pass_fds=(3, 4),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        try:
            with open(from_read, "rb") as read, open(to_write, "wb") as write:
                yield Browser(read, write)
        finally:
            process.terminate()
            process.wait()
