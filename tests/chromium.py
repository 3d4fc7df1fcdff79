"""A headless Chromium, where there is one, driven through its debugging pipe; the standard library is all that takes."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """One tab. Usable as a context, which ends the browser."""

    def __init__(self, width=1200, height=900):
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        read_end, self._commands = os.pipe()
        self._replies, write_end = os.pipe()
        command = [
            *("bash", "-c", f'exec "$0" "$@" 3<&{read_end} 4>&{write_end}', EXECUTABLE),
            *("--headless", "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}", "--no-first-run"),
            *("--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ]
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, pass_fds=(read_end, write_end), **silent)
        os.close(read_end), os.close(write_end)
        self._count, self._session, self._left, self.events = 0, None, b"", []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self._commands), os.close(self._replies)  # which ends it
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()

    def call(self, method, **parameters):
        """The result of a command; what happens meanwhile is in `events`."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._left:
                piece = os.read(self._replies, 1 << 20)
                assert piece, "Chromium ended"
                self._left += piece
            reply, _, self._left = self._left.partition(b"\0")
            reply = json.loads(reply)
            if reply.get("id") == self._count:
                assert "error" not in reply, reply
                return reply["result"]
            self.events.append(reply)

    def run(self, script):
        """The value of an expression, or of the promise that it is."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait_for(self, script, seconds=120):
        """Waits until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, self.run("document.body.innerText")
            time.sleep(0.1)

    def open(self, address):
        """Goes to a page, and waits until it is there."""
        self.call("Page.navigate", url=address)
        self.wait_for(f"location.href == {json.dumps(address)} && document.readyState == 'complete'")

    def choose(self, selector, *files):
        """Chooses files in a field."""
        found = self.call("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        self.call("DOM.setFileInputFiles", objectId=found["result"]["objectId"], files=[str(file) for file in files])

    def screenshot(self):
        """What is seen, PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def asked_for(self):
        """The addresses that were loaded."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]

    def complaints(self):
        """What the browser wrote to its console: errors, and what the page's policy did not let it load."""
        return [e["params"] for e in self.events if e["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")]
