"""fetch_npm fetches what was pinned, once, and refuses anything else.

It talks to a registry of its own on this machine."""

import base64
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
from pathlib import Path

FETCH = Path(__file__).resolve().parents[2] / "scripts/fetch_npm"
NAME, VERSION = "tailwater-test-pebble", "1.2.3"


def make_archive(text):
    files = {"package/package.json": json.dumps({"name": NAME, "version": VERSION}),
             "package/lib/pebble.txt": text, "package/../../outside.txt": "must not be unpacked"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content.encode()))
    return buffer.getvalue()


def integrity(data):
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


class Registry(http.server.BaseHTTPRequestHandler):
    archive = b""
    requests = []

    def do_GET(self):
        self.requests.append(self.path)
        if self.path.endswith(".tgz"):
            body, kind = self.archive, "application/octet-stream"
        else:
            url = f"http://127.0.0.1:{self.server.server_port}/pebble.tgz"
            dist = {"tarball": url, "integrity": integrity(self.archive)}
            manifest = {"name": NAME, "version": VERSION, "dist": dist}
            body = json.dumps({"name": NAME, "dist-tags": {"latest": VERSION},
                               "versions": {VERSION: manifest}}).encode()
            kind = "application/json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class FetchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        Registry.archive, Registry.requests = make_archive("round"), []

    def fetch(self, pinned, *options):
        (self.root / "list.txt").write_text(f"test {NAME} {VERSION} {pinned}  # a test\n")
        url = f"http://127.0.0.1:{self.server.server_port}/"
        environment = {**os.environ, "npm_config_registry": url, "HOME": str(self.root),
                       "npm_config_cache": str(self.root / "cache"), "no_proxy": "127.0.0.1"}
        return subprocess.run(
            [sys.executable, FETCH, "--list", self.root / "list.txt", "--into", self.root / "npm",
             *options], capture_output=True, text=True, check=False, env=environment)

    def test_fetches_once(self):
        pinned = integrity(Registry.archive)
        self.assertEqual(self.fetch(pinned, "--check").returncode, 1)
        result = self.fetch(pinned)
        self.assertEqual(result.returncode, 0, result.stderr)
        pebble = self.root / "npm" / NAME / "lib/pebble.txt"
        self.assertEqual(pebble.read_text(), "round")
        self.assertFalse(any(self.root.rglob("outside.txt")))
        asked = len(Registry.requests)
        self.assertEqual(self.fetch(pinned).returncode, 0)
        self.assertEqual(self.fetch(pinned, "--check").returncode, 0)
        self.assertEqual(len(Registry.requests), asked)

    def test_refuses_other_bytes(self):
        pinned = integrity(Registry.archive)
        Registry.archive = make_archive("square")
        result = self.fetch(pinned)
        self.assertEqual(result.returncode, 1)
        self.assertIn("is not what was pinned", result.stderr)
        self.assertEqual(list((self.root / "npm").iterdir()), [])

    def test_other_profiles_are_left_alone(self):
        self.assertEqual(self.fetch(integrity(Registry.archive), "build").returncode, 0)
        self.assertEqual(Registry.requests, [])

    def test_malformed_list(self):
        result = self.fetch("md5-nothing")
        self.assertEqual(result.returncode, 1)
        self.assertIn("list.txt:1: expected", result.stderr)


if __name__ == "__main__":
    if shutil.which("npm") is None:
        print("skipped: npm is not installed, and nothing here needs it")
        sys.exit(77)
    unittest.main()
