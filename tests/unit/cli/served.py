# SPDX-License-Identifier: Apache-2.0
"""Stand-ins of the services that enclume asks: an HTTP server on the loopback interface, and a curl that only says how it was called."""
import http.server
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import parts


class Handler(http.server.BaseHTTPRequestHandler):
    """What is answered, its children say."""

    def log_message(self, *_):
        pass

    def send(self, status, body, headers=()):
        """With its length, unless X-Length among the headers says another one, or "none"."""
        headers = dict(headers)
        self.send_response(status)
        length = headers.pop("X-Length", str(len(body)))
        if length != "none":
            self.send_header("Content-Length", length)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # the program has had enough
            pass
        self.close_connection = True


class Case(unittest.TestCase):
    """A server for each class of tests, and a directory for each test."""

    handler = Handler

    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), cls.handler)
        cls.base = f"http://127.0.0.1:{cls.server.server_address[1]}"
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        self.parent = tempfile.mkdtemp(prefix="enclume-served-")
        self.addCleanup(shutil.rmtree, self.parent)

    def stand_in_curl(self, script):
        """In the directory of this test, which is then the PATH to give to the program."""
        path = os.path.join(self.parent, "curl")
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)

    def curl_that_tells(self):
        """A stand-in that fails; told() gives the arguments it was called with since."""
        self.stand_in_curl('printf "%s\\n" "$@" >>"$HOME/arguments"\nexit 7\n')

    def told(self):
        path = os.path.join(self.parent, "arguments")
        with open(path, encoding="utf-8") as f:
            arguments = f.read().splitlines()
        os.unlink(path)
        return arguments


class CollateralCase(Case):
    """A directory for collateral, which is not there yet."""

    def setUp(self):
        super().setUp()
        self.directory = os.path.join(self.parent, "d")

    def contents(self):
        found = {}
        for name in os.listdir(self.directory):
            with open(os.path.join(self.directory, name), "rb") as f:
                found[name] = f.read()
        return found

    def put(self, name, content):
        with open(os.path.join(self.directory, name), "wb") as f:
            f.write(content)

    def assert_nothing(self, result, code, *sentences):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, b"")
        for sentence in sentences:
            self.assertIn(sentence.encode(), result.stderr)
        self.assertEqual(os.listdir(self.directory) if os.path.exists(self.directory) else [], [])


def question(name):
    """What an enclave asks collateral serve."""
    return b"ENCLCOLQ" + len(name).to_bytes(2, "big") + name.encode()


class ServeCase(CollateralCase):
    """enclume collateral serve over that directory."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.directory)
        self.path = os.path.join(self.parent, "s")

    def start(self, *more, listen=None, **environment):
        address = listen or "unix:" + self.path
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        server = subprocess.Popen([parts.enclume, "collateral", "serve", self.directory, "--listen", address, *more],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**env, **environment})
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        self.assertIn(b" listening: " + address.encode(), server.stderr.readline())
        return server

    def connect(self):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(client.close)
        client.settimeout(parts.WAIT)
        client.connect(self.path)
        return client

    def answer(self, client):
        """The status, and the document."""
        head = client.recv(16, socket.MSG_WAITALL)
        self.assertEqual(head[:8], b"ENCLCOLA")
        size = int.from_bytes(head[12:], "big")
        return int.from_bytes(head[8:12], "big"), client.recv(size, socket.MSG_WAITALL) if size else b""

    def ask(self, name):
        client = self.connect()
        client.sendall(question(name))
        answer = self.answer(client)
        client.close()
        return answer

    def assert_ended(self, server):
        """It ends, in good order: what it said."""
        out, log = server.communicate(timeout=parts.WAIT)
        self.assertEqual((server.returncode, out), (parts.DONE, b""), log)
        self.assertFalse(os.path.exists(self.path))
        self.assertFalse([name for name in os.listdir(self.directory) if name.startswith(".")], "temporary files are left")
        return log.decode()
