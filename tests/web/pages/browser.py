"""A real Chromium, driven over the WebDriver protocol with nothing but the standard library.

Source: W3C WebDriver (section 6, sessions; 13, scripts; 17, screenshots) and chromedriver's `goog/cdp/execute`.
"""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.programs import program
from tests.waiting import block_until

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)


class Browser:
    """One session of one browser. Blocks: to be used from a thread beside the event loop of the server under test."""

    def __init__(self, driver_url: str, profile: Path):
        options = {"binary": program(*_BROWSERS), "args": [*_FLAGS, f"--user-data-dir={profile}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self._url = driver_url
        self._url += "/session/" + self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def close(self) -> None:
        self._ask("DELETE", "")

    def screen(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """The size of the window in CSS pixels, and the colours the reader prefers."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.devtools("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", features=[scheme])

    def scripts(self, *, run: bool) -> None:
        """Whether pages may run their scripts, from the next one on."""
        self.devtools("Emulation.setScriptExecutionDisabled", value=not run)

    def open(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def source(self) -> str:
        """The page as it stands, also where it may run no scripts."""
        root = self.devtools("DOM.getDocument")["root"]
        html: str = self.devtools("DOM.getOuterHTML", nodeId=root["nodeId"])["outerHTML"]
        return html

    def run(self, script: str, *arguments: Any) -> Any:
        """What the body of a function returns in the page."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str, *arguments: Any) -> Any:
        """What it returns as soon as that is true, within some seconds."""
        return block_until(lambda: self.run(script, *arguments), script)

    def press(self, *keys: str) -> None:
        """Keys one after the other, by their WebDriver code points or as characters."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def complaints(self) -> list[str]:
        """Errors and warnings of the console since the last look: scripts, the network, the security policy."""
        entries = self._ask("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def picture(self, path: Path) -> None:
        """The whole page, as long as it is, as PNG."""
        self.devtools("Emulation.setScrollbarsHidden", hidden=True)
        size = self.run("const page = document.documentElement; return [innerWidth, page.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        self.devtools("Emulation.setScrollbarsHidden", hidden=False)
        path.write_bytes(base64.b64decode(shot["data"]))

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{method} {path}: {error.read().decode()[:2000]}") from None


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own in `folder`, and its driver on a port that the system chose."""
    log = folder / "chromedriver.log"
    command = [program("chromedriver"), "--port=0", f"--log-path={log}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as driver:
        try:
            assert driver.stdout is not None
            port = next(line.rstrip(". \n").rpartition(" ")[2] for line in driver.stdout if "started success" in line)
            browser = Browser(f"http://127.0.0.1:{port}", folder / "profile")
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()
