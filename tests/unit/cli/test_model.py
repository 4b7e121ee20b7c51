#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume model, run as a person runs it, against an HTTP server on the loopback interface.

    test_model.py PATH-OF-ENCLUME [unittest options]

Exits with 77 (skipped) where there is no curl.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import served  # noqa: E402
from parts import DONE, NETWORK, REFUSED, USAGE, WAIT  # noqa: E402

ENCLUME = ""
CONTENT = bytes(i * 31 % 251 for i in range(300_000))
DIGEST = hashlib.sha256(CONTENT).hexdigest()
CUT_AT = 100_000


class Handler(served.Handler):
    """/file knows ranges, /plain does not, /cut breaks off once, /moved redirects, all else is 404."""

    requests = []  # (path, the Range header or None)
    cut = False

    def do_GET(self):
        wanted = self.headers.get("Range")
        Handler.requests.append((self.path, wanted))
        if self.path == "/moved":
            self.send(302, b"", {"Location": "/file"})
        elif self.path == "/escape":
            self.send(302, b"", {"Location": "file:///etc/hostname"})
        elif self.path == "/plain":
            self.send(200, CONTENT)
        elif self.path in ("/file", "/cut"):
            self.answer_range(wanted)
        else:
            self.send(404, b"none")

    def answer_range(self, wanted):
        if wanted is None:
            whole = self.path == "/file" or Handler.cut
            Handler.cut = Handler.cut or not whole
            self.send(200, CONTENT if whole else CONTENT[:CUT_AT], {"X-Length": str(len(CONTENT))})
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(CONTENT):
            self.send(416, b"", {"Content-Range": f"bytes */{len(CONTENT)}"})
            return
        self.send(206, CONTENT[start:], {"Content-Range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"})


class ModelTest(served.Case):
    handler = Handler

    def setUp(self):
        super().setUp()
        Handler.requests, Handler.cut = [], False
        self.directory = self.parent
        self.output = os.path.join(self.directory, "m.gguf")
        self.part = self.output + ".part"

    def enclume(self, *arguments, **environment):
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        env.update({"HOME": self.directory, **environment})
        return subprocess.run([ENCLUME, "model", *arguments], env=env, text=True, capture_output=True, timeout=WAIT, check=False)

    def get(self, path, *more, digest=DIGEST, **environment):
        return self.enclume("get", "--url", self.base + path, "--sha256", digest, "--output", self.output, *more,
                            **environment)

    def put(self, path, content):
        with open(path, "wb") as f:
            f.write(content)

    def assert_complete(self, run):
        self.assertEqual((run.returncode, run.stderr), (DONE, ""))
        with open(self.output, "rb") as f:
            self.assertEqual(f.read(), CONTENT)
        self.assertFalse(os.path.exists(self.part))

    def assert_nothing(self, run, code, *sentences):
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertFalse(os.path.exists(self.output))
        self.assertEqual(run.stdout, "")
        for sentence in sentences:
            self.assertIn(sentence, run.stderr)

    # ---- get ----

    def test_a_fresh_file_is_fetched_and_checked(self):
        run = self.get("/file")
        self.assert_complete(run)
        self.assertIn(DIGEST, run.stdout)
        self.assertEqual(Handler.requests, [("/file", None)])

    def test_the_result_as_json(self):
        run = self.get("/file", "--json")
        self.assert_complete(run)
        self.assertEqual(json.loads(run.stdout), {"path": self.output, "sha256": DIGEST, "fetched": True})
        again = self.get("/file", "--json")
        self.assertEqual(json.loads(again.stdout), {"path": self.output, "sha256": DIGEST, "fetched": False})

    def test_an_upper_case_hash_is_the_same_hash(self):
        self.assert_complete(self.get("/file", digest=DIGEST.upper()))

    def test_a_redirect_is_followed(self):
        self.assert_complete(self.get("/moved"))

    def test_a_redirect_to_another_protocol_is_not_followed(self):
        self.assert_nothing(self.get("/escape"), NETWORK)

    def test_a_part_is_resumed_where_it_ends(self):
        self.put(self.part, CONTENT[:12345])
        self.assert_complete(self.get("/file"))
        self.assertEqual(Handler.requests, [("/file", "bytes=12345-")])

    def test_a_part_that_is_whole_is_taken(self):
        self.put(self.part, CONTENT)
        self.assert_complete(self.get("/file"))
        self.assertEqual(Handler.requests, [])

    def test_a_part_that_is_too_long_is_removed(self):
        self.put(self.part, CONTENT + b"x")
        self.assert_nothing(self.get("/file"), REFUSED, DIGEST)
        self.assert_complete(self.get("/file"))

    def test_a_server_without_ranges_is_asked_again_from_the_start(self):
        self.put(self.part, CONTENT[:12345])
        run = self.get("/plain")
        self.assertEqual(run.returncode, DONE, run.stderr)
        with open(self.output, "rb") as f:
            self.assertEqual(f.read(), CONTENT)
        self.assertEqual(Handler.requests[-1], ("/plain", None))

    def test_a_wrong_hash_is_refused_with_both_and_the_part_is_removed(self):
        wanted = "00" * 32
        self.assert_nothing(self.get("/file", digest=wanted), REFUSED, wanted, DIGEST)
        self.assertFalse(os.path.exists(self.part))

    def test_a_part_with_foreign_bytes_cannot_pass(self):
        self.put(self.part, b"\xff" * 12345)
        self.assert_nothing(self.get("/file"), REFUSED, DIGEST)
        self.assertFalse(os.path.exists(self.part))

    def test_404_says_so_and_keeps_the_part(self):
        self.assert_nothing(self.get("/nothing"), NETWORK, "404")
        self.put(self.part, CONTENT[:12345])
        self.assert_nothing(self.get("/nothing"), NETWORK, "404")
        self.assertEqual(os.path.getsize(self.part), 12345)

    def test_an_interrupted_transfer_is_taken_up_by_the_same_command(self):
        self.assert_nothing(self.get("/cut"), NETWORK, "resumes")
        self.assertEqual(os.path.getsize(self.part), CUT_AT)
        self.assert_complete(self.get("/cut"))
        self.assertEqual(Handler.requests[-1], ("/cut", f"bytes={CUT_AT}-"))

    def test_nobody_listens(self):
        run = self.enclume("get", "--url", "http://127.0.0.1:1/file", "--sha256", DIGEST, "--output", self.output)
        self.assert_nothing(run, NETWORK)

    def test_what_is_there_already_needs_no_network(self):
        self.put(self.output, CONTENT)
        self.assert_complete(self.get("/file"))
        self.assertEqual(Handler.requests, [])

    def test_another_file_that_is_there_is_not_overwritten(self):
        self.put(self.output, b"mine")
        run = self.get("/file")
        self.assertEqual(run.returncode, REFUSED)
        self.assertIn(DIGEST, run.stderr)
        with open(self.output, "rb") as f:
            self.assertEqual(f.read(), b"mine")
        self.assertEqual(Handler.requests, [])

    def test_without_curl_it_says_what_is_missing(self):
        self.assert_nothing(self.get("/file", PATH=self.directory), NETWORK, "curl", "not installed")

    def test_curlrc_has_no_say(self):
        self.put(os.path.join(self.directory, ".curlrc"), b'user-agent = "x"\nrange = "0-9"\n')
        self.assert_complete(self.get("/file"))

    def test_a_model_of_the_list_goes_to_the_cache_directory_and_is_known_there(self):
        models = os.path.join(self.directory, "cache", "enclume", "models")
        listed = json.loads(self.enclume("list", "--json").stdout)[0]
        empty = tempfile.mkdtemp(dir=self.directory)
        run = self.enclume("get", listed["name"], XDG_CACHE_HOME=os.path.join(self.directory, "cache"), PATH=empty)
        self.assertEqual(run.returncode, NETWORK, run.stderr)  # no curl in PATH: nothing leaves this machine
        self.assertTrue(os.path.isdir(models))
        self.put(os.path.join(models, listed["file"]), b"not it")
        run = self.enclume("get", listed["name"], XDG_CACHE_HOME=os.path.join(self.directory, "cache"), PATH=empty)
        self.assertEqual(run.returncode, REFUSED, run.stderr)
        self.assertIn(listed["sha256"], run.stderr)

    def test_a_model_of_the_list_is_asked_for_by_https_only(self):
        self.curl_that_tells()
        listed = json.loads(self.enclume("list", "--json").stdout)[0]
        run = self.enclume("get", listed["name"], "--output", self.output, PATH=self.directory)
        self.assert_nothing(run, NETWORK)
        arguments = self.told()
        for option, value in (("--proto", "=https"), ("--proto-redir", "=https"), ("--url", listed["url"]),
                              ("--max-filesize", str(listed["size"])), ("--output", self.part)):
            self.assertEqual(arguments[arguments.index(option) + 1], value)

    def test_a_part_shorter_than_the_known_size_is_not_hashed_away(self):
        self.stand_in_curl("printf 206\n")  # says it went well, and brings nothing
        self.put(self.part, b"GGUF")
        name = json.loads(self.enclume("list", "--json").stdout)[0]["name"]
        run = self.enclume("get", name, "--output", self.output, PATH=self.directory)
        self.assert_nothing(run, NETWORK, "4 of ", "resumes")
        self.assertEqual(os.path.getsize(self.part), 4)

    # ---- list, digest, usage ----

    def test_list_names_what_get_takes(self):
        models = json.loads(self.enclume("list", "--json").stdout)
        text = self.enclume("list").stdout
        for model in models:
            self.assertIn(model["name"], text)
            self.assertIn(model["license"], text)

    def test_digest_is_the_sha256(self):
        self.put(self.output, CONTENT)
        self.assertEqual(self.enclume("digest", self.output).stdout, DIGEST + "\n")
        document = json.loads(self.enclume("digest", self.output, "--json").stdout)
        self.assertEqual(document, {"path": self.output, "sha256": DIGEST})
        self.assertEqual(self.enclume("digest", self.output + ".not").returncode, USAGE)

    def test_wrong_use_is_refused_before_anything_is_fetched(self):
        url, file = self.base + "/file", self.output
        for arguments in (
                [], ["fetch"], ["list", "x"], ["list", "--url", url], ["digest"], ["digest", file, file],
                ["digest", file, "--sha256", DIGEST], ["get"], ["get", "no-such-model"], ["get", "a", "b"],
                ["get", "--url", url, "--output", file], ["get", "--url", url, "--sha256", DIGEST],
                ["get", "smollm2-135m", "--sha256", DIGEST],
                ["get", "smollm2-135m", "--url", url, "--sha256", DIGEST, "--output", file],
                ["get", "--url", url, "--sha256", DIGEST[1:], "--output", file],
                ["get", "--url", url, "--sha256", "g" + DIGEST[1:], "--output", file],
                ["get", "--url", "ftp://127.0.0.1/file", "--sha256", DIGEST, "--output", file],
                ["get", "--url", "file:///etc/hostname", "--sha256", DIGEST, "--output", file],
                ["get", "--url", "-o/tmp/x", "--sha256", DIGEST, "--output", file]):
            with self.subTest(arguments=arguments):
                run = self.enclume(*arguments)
                self.assertEqual(run.returncode, USAGE, run.stderr)
                self.assertIn("enclume model", run.stderr)
        self.assertEqual(Handler.requests, [])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    ENCLUME = os.path.abspath(sys.argv.pop(1))
    if shutil.which("curl") is None:
        print("skipped: there is no curl here, which enclume model get needs")
        sys.exit(77)
    unittest.main()
