#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume collateral fetch for NVIDIA's GPUs, against stand-ins of its RIM service and its OCSP responder on the loopback interface, and how they can fail.

The stand-in of the responder signs as NVIDIA's does (stand_in_nvidia.c). Exits with 77 (skipped) where there is no curl.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
import served  # noqa: E402
from parts import ACCEPTED, DONE, NETWORK, NOW, REFUSED, USAGE  # noqa: E402

DRIVER, VBIOS = "NV_GPU_DRIVER_GH100_580.95.05", "NV_GPU_VBIOS_1010_0200_882_96009F0001"
RIM = "/v1/rim/"
FIRST, SECOND = range(6), range(7)  # the words that one GPU needs, and two


class Responder:
    """Who answers for the certificates: the program stand_in_nvidia."""

    def __init__(self, program, directory):
        self.process = subprocess.Popen([program], cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lock = threading.Lock()
        self.ids = []  # (serial number, the issuer's name, its key)
        while len(self.ids) < len(SECOND):
            fields = self.process.stdout.readline().split()
            self.ids.append(tuple(bytes.fromhex(f) for f in fields[1:]))

    def answer(self, certificate, nonce, change="good"):
        with self.lock:
            self.process.stdin.write(f"{certificate} {nonce.hex() or '-'} {change}\n")
            self.process.stdin.flush()
            return bytes.fromhex(self.process.stdout.readline())

    def name(self, certificate):
        serial, name, key = self.ids[certificate]
        return f"gpu-ocsp-{serial.hex()}-{name.hex()}-{key.hex()}.der"


def der(tag, *content):
    body = b"".join(content)
    assert len(body) < 256
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])) + body


def request(identity, nonce):
    """RFC 6960 section 4.1.1, written down a second time."""
    serial, name, key = identity
    sha256 = der(0x30, der(0x06, bytes.fromhex("608648016503040201")), der(0x05))
    number = (b"\0" if serial[0] & 0x80 else b"") + serial
    one = der(0x30, der(0x30, sha256, der(0x04, name), der(0x04, key), der(0x02, number)))
    extension = der(0x30, der(0x06, bytes.fromhex("2b0601050507300102")), der(0x04, der(0x04, nonce)))
    return der(0x30, der(0x30, der(0x30, one), der(0xa2, der(0x30, extension)) if nonce else b""))


class Handler(served.Handler):
    """Both services. rims: name -> (status, body, headers), or body alone; words: certificate -> a change, or a function of its number and the nonce."""

    responder = None
    rims, words = {}, {}
    asked, nonces, faults = [], [], []
    ocsp = None  # (status, body, headers) instead of any answer of the responder
    wait = None  # an event that the RIM service waits for

    def do_GET(self):
        Handler.asked.append(self.path)
        if Handler.wait is not None:
            Handler.wait.wait(parts.WAIT)
        answer = Handler.rims.get(self.path.removeprefix(RIM), (404, b"none", {}))
        self.send(*(answer if isinstance(answer, tuple) else (200, answer)))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] != "application/ocsp-request":
            Handler.faults.append(self.headers["Content-Type"])
        for number, identity in enumerate(Handler.responder.ids):
            for nonce in (b"", body[-32:]):
                if body != request(identity, nonce):
                    continue
                Handler.asked.append(number)
                Handler.nonces.append(nonce)
                change = Handler.words.get(number, "good")
                if Handler.ocsp is not None:
                    self.send(*Handler.ocsp)
                else:
                    self.send(200, change(number, nonce) if callable(change) else Handler.responder.answer(number, nonce, change),
                              {"Content-Type": "application/ocsp-response"})
                return
        Handler.faults.append(body.hex())
        self.send(400, b"")


def answer_of(name, document, **more):
    """As NVIDIA's service answers, members that nobody reads included."""
    content = {"id": name, "rim": base64.b64encode(document).decode(), "sha256": "00", "last_updated": "2025-06-01T00:00:00Z",
               "rim_format": "TCG", "request_id": "x"}
    content.update(more)
    return json.dumps({k: v for k, v in content.items() if v is not None}).encode()


class Case(served.CollateralCase):
    handler = Handler

    def setUp(self):
        super().setUp()
        Handler.rims = {DRIVER: answer_of(DRIVER, parts.read("gpu-driver.xml")), VBIOS: answer_of(VBIOS, parts.read("gpu-vbios.xml"))}
        Handler.words, Handler.asked, Handler.nonces, Handler.faults, Handler.ocsp, Handler.wait = {}, [], [], [], None, None
        self.addCleanup(lambda: self.assertEqual(Handler.faults, []))

    def gpu(self, count=1):
        return sum((["--gpu-report", f"gpu{i}-report.bin", "--gpu-certs", f"gpu{i}-chain.pem"] for i in range(count)), [])

    def fetch(self, *arguments, at=NOW, gpus=None, roots="gpu-roots.pem", base=None, **environment):
        trusted = ["--trust-simulated", roots] if roots else []
        service = ["--rim-url", self.base, "--ocsp-url", self.base] if base is None else base
        return parts.run("collateral", "fetch", self.directory, *service, "--at", at, *trusted,
                         *(self.gpu() if gpus is None else gpus), *arguments, HOME=self.parent, **environment)

    def verify(self, at=NOW, count=1):
        return parts.run("verify", *self.gpu(count), "--collateral", self.directory, "--nonce", "d0" * 32, "--trust-simulated",
                         "gpu-roots.pem", "--at", at, "--json")

    def show(self, at=NOW):
        result = parts.run("collateral", "show", self.directory, "--json", "--at", at)
        self.assertEqual(result.returncode, DONE, result.stderr)
        return {d["file"]: d for d in json.loads(result.stdout)["documents"]}

    def names(self, words=FIRST):
        return {f"gpu-rim-{DRIVER}.xml", f"gpu-rim-{VBIOS}.xml", "manifest.json"} | {Handler.responder.name(i) for i in words}

    def assert_done(self, result, words=FIRST):
        self.assertEqual((result.returncode, result.stderr), (DONE, b""))
        self.assertEqual(set(os.listdir(self.directory)), self.names(words))


class Fetch(Case):
    def test_exactly_what_the_report_needs_is_fetched_and_is_enough_to_verify_offline(self):
        for count, words in ((1, FIRST), (2, SECOND)):
            with self.subTest(gpus=count):
                Handler.asked = []
                self.assert_done(self.fetch(gpus=self.gpu(count)), words)
                self.assertEqual(sorted(map(str, Handler.asked)), sorted([RIM + DRIVER, RIM + VBIOS, *map(str, words)]))
                Handler.asked = []
                result = self.verify(count=count)
                self.assertEqual(result.returncode, ACCEPTED, parts.failed(result))
                self.assertTrue(parts.verdict(result)["claims"]["gpu"]["revocation_checked"])
                self.assertEqual(Handler.asked, [])
                shutil.rmtree(self.directory)

    def test_the_names_of_the_reference_values_are_compared_offline_too(self):
        self.assert_done(self.fetch())
        rows = {c["name"]: c for c in parts.verdict(self.verify())["checks"]}
        for part in ("driver", "vbios"):
            self.assertEqual(rows[f"nvgpu.{part}.rim_id"]["saw"], "as it should be")

    def test_what_is_kept_is_the_signed_document(self):
        self.assert_done(self.fetch())
        contents = self.contents()
        self.assertEqual(contents[f"gpu-rim-{DRIVER}.xml"], parts.read("gpu-driver.xml"))
        manifest = json.loads(contents["manifest.json"])
        self.assertEqual(set(manifest), self.names() - {"manifest.json"})
        self.assertEqual(manifest[f"gpu-rim-{DRIVER}.xml"]["sources"], [self.base + RIM + DRIVER])

    def test_each_question_has_its_own_nonce(self):
        self.assert_done(self.fetch())
        self.assertEqual({len(n) for n in Handler.nonces}, {32})
        self.assertEqual(len(set(Handler.nonces)), len(FIRST))

    def test_an_answer_to_another_question_is_refused_unless_a_store_is_asked(self):
        kept = {i: Handler.responder.answer(i, b"") for i in FIRST}
        other = {i: Handler.responder.answer(i, b"\1" * 32) for i in FIRST}
        for answers in (kept, other):
            Handler.words = {3: lambda number, _, answers=answers: answers[number]}
            self.assert_nothing(self.fetch(), REFUSED, "its nonce is not ours")
            Handler.words = {i: (lambda number, _, answers=answers: answers[number]) for i in FIRST}
            Handler.nonces = []
            self.assert_done(self.fetch("--no-ocsp-nonce"))
            self.assertEqual(set(Handler.nonces), {b""})
            self.assertEqual(self.verify().returncode, ACCEPTED)
            shutil.rmtree(self.directory)

    def test_what_is_there_is_shown(self):
        self.assert_done(self.fetch())
        shown = self.show()
        self.assertEqual(set(shown), self.names() - {"manifest.json"})
        word = shown[Handler.responder.name(0)]
        self.assertEqual((word["what"], word["status"], word["signer_of"]), ("word about a certificate", "good", []))
        self.assertEqual(word["parts"], [{"part": "OCSP response", "valid_until": "2026-01-02T00:00:00Z", "expired": False}])
        self.assertEqual(sorted(shown[Handler.responder.name(3)]["signer_of"]), [DRIVER, VBIOS])
        self.assertTrue(self.show("2026-01-02T00:00:01Z")[Handler.responder.name(3)]["parts"][0]["expired"])
        text = parts.run("collateral", "show", self.directory, "--at", NOW).stdout.decode()
        self.assertIn("good, about a certificate of a GPU's", text)
        self.assertRegex(text, f"good, about a certificate of the signer of ({DRIVER}, {VBIOS}|{VBIOS}, {DRIVER})")

    def test_every_form_of_the_evidence(self):
        pem = parts.read("gpu0-chain.pem")
        der_chain = b"".join(base64.b64decode(block.split("-----")[0]) for block in pem.decode().split("-----BEGIN CERTIFICATE-----")[1:])
        forms = (("hexadecimal", parts.read("gpu0-report.bin").hex().encode(), pem), ("DER", parts.read("gpu0-report.bin"), der_chain))
        for name, report, chain in forms:
            with self.subTest(form=name):
                gpus = ["--gpu-report", parts.write("form-report", report), "--gpu-certs", parts.write("form-chain", chain)]
                self.assert_done(self.fetch(gpus=gpus))
                shutil.rmtree(self.directory)

    def test_a_bundle_is_fetched_for_whole(self):
        roots = parts.write("all-roots.pem", parts.read("gpu-roots.pem") + parts.pem(parts.read("snp-ark.der")))
        chain = parts.pem(parts.read("snp-ask.der")) + parts.pem(parts.read("snp-ark.der"))
        Handler.rims.update({"/vcek/v1/Genoa/cert_chain": chain, "/vcek/v1/Genoa/crl": parts.read("snp-crl.der")})
        result = self.fetch("--amd-url", self.base, gpus=["--bundle", "bundle.json"], roots=roots)
        self.assertEqual((result.returncode, result.stderr), (DONE, b""))
        found = set(os.listdir(self.directory))
        self.assertLessEqual(self.names(SECOND), found)
        self.assertEqual(sorted(n.split("-")[1] for n in found if n.startswith("snp-")), ["certificates", "crl"])
        self.assertEqual(self.verify(count=2).returncode, ACCEPTED)


class Renewal(Case):
    def test_what_is_good_for_long_enough_is_left_alone(self):
        self.assert_done(self.fetch())
        before = self.contents()
        Handler.asked = []
        result = self.fetch("--renew", "12", "--json", at="2026-01-01T11:00:00Z")
        self.assert_done(result)
        self.assertEqual(Handler.asked, [])
        self.assertEqual(self.contents(), before)
        self.assertTrue(all(d["kept"] for d in json.loads(result.stdout)))

    def test_what_is_near_its_end_is_asked_for_again(self):
        self.assert_done(self.fetch())
        before = self.contents()
        Handler.asked, Handler.words = [], {i: "longer" for i in FIRST}
        at = "2026-01-01T12:00:00Z"  # half a day is left
        result = self.fetch("--renew", "12", at=at)
        self.assert_done(result)
        self.assertEqual(sorted(Handler.asked), list(FIRST))
        self.assertEqual(result.stdout.count(b"as it was"), 2)  # the reference values
        after = self.contents()
        manifest = json.loads(after["manifest.json"])
        for i in FIRST:
            self.assertNotEqual(after[Handler.responder.name(i)], before[Handler.responder.name(i)])
            self.assertEqual(manifest[Handler.responder.name(i)]["fetched"], at)
        self.assertEqual(manifest[f"gpu-rim-{DRIVER}.xml"]["fetched"], NOW)
        self.assertEqual(self.verify(at="2026-01-20T00:00:00Z").returncode, ACCEPTED)

    def test_what_is_missing_or_not_good_is_got(self):
        self.assert_done(self.fetch())
        os.unlink(os.path.join(self.directory, Handler.responder.name(2)))
        for name, content in ((Handler.responder.name(4), Handler.responder.answer(4, b"", "forged")),
                              (f"gpu-rim-{DRIVER}.xml", parts.read("gpu-damaged-driver.xml"))):
            self.put(name, content)
        Handler.asked = []
        self.assert_done(self.fetch("--renew", "12"))
        self.assertEqual(sorted(map(str, Handler.asked)), [RIM + DRIVER, "2", "4"])

    def test_without_the_option_everything_is_got_anew(self):
        self.assert_done(self.fetch())
        Handler.asked = []
        self.assert_done(self.fetch())
        self.assertEqual(len(Handler.asked), 8)

    def test_what_is_there_stays_when_it_fails(self):
        self.assert_done(self.fetch())
        before = self.contents()
        for i in (2, 3):  # the last word that is asked for, and the first
            Handler.words = {i: "forged"}
            self.assertEqual(self.fetch().returncode, REFUSED)
            self.assertEqual(self.contents(), before)


class Refused(Case):
    """The service, or who stands in its place, at its worst."""

    def rim_fails(self, answer, code, *sentences, name=DRIVER):
        Handler.rims[name] = answer
        self.assert_nothing(self.fetch(), code, *sentences)

    def test_statuses_and_redirects(self):
        for status in (404, 500):
            self.rim_fails((status, b"no"), NETWORK, str(status))
        Handler.rims["elsewhere"] = Handler.rims[VBIOS]
        for where in (RIM + "elsewhere", "file:///etc/hostname"):
            self.rim_fails((302, b"", {"Location": where}), NETWORK, "302")
        self.assertNotIn(RIM + "elsewhere", Handler.asked)
        self.setUp()
        for status in (404, 302):
            Handler.ocsp = (status, b"no", {"Location": "/elsewhere"})
            self.assert_nothing(self.fetch(), NETWORK, str(status))

    def test_too_much_and_too_little(self):
        good = Handler.rims[DRIVER]
        self.rim_fails((200, bytes(600 * 1024)), NETWORK, "524288")
        self.rim_fails((200, bytes(600 * 1024), {"X-Length": "none"}), NETWORK, "524288")
        self.rim_fails((200, good[:-9], {"X-Length": str(len(good))}), NETWORK)
        Handler.rims[DRIVER] = good
        for headers in ({}, {"X-Length": "none"}):
            Handler.ocsp = (200, bytes(20 * 1024), headers)
            self.assert_nothing(self.fetch(), NETWORK, "16384")

    def test_what_is_no_answer_of_the_rim_service(self):
        driver = parts.read("gpu-driver.xml")
        good = Handler.rims[DRIVER]
        rows = {
            "empty": b"", "garbage": b"garbage", "page": b"<html>503</html>", "cut off": good[:-9], "more": good + b"{}",
            "the document alone": driver, "no document": answer_of(DRIVER, driver, rim=None), "no name": answer_of(DRIVER, driver, id=None),
            "not base64": answer_of(DRIVER, driver, rim="<<<>>>"), "base64 cut off": answer_of(DRIVER, driver, rim=base64.b64encode(driver).decode()[:-3]),
            "url-safe base64": answer_of(DRIVER, driver, rim="-_-_"), "a number": answer_of(DRIVER, driver, rim=7), "empty document": answer_of(DRIVER, b""),
            "twice": b'{"id":"x",' + good[1:], "another name": answer_of(VBIOS, driver), "another case": answer_of(DRIVER.lower(), driver),
            "base64 of garbage": answer_of(DRIVER, b"garbage"), "part of a document": answer_of(DRIVER, driver[:2000]),
            "an entity": answer_of(DRIVER, b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + driver),
        }
        for name, body in rows.items():
            with self.subTest(answer=name):
                self.rim_fails(body, REFUSED, DRIVER)

    def test_other_reference_values_under_the_name(self):
        self.rim_fails(answer_of(DRIVER, parts.read("gpu-vbios.xml")), REFUSED, DRIVER, "nvgpu.driver.rim")
        self.rim_fails(answer_of(DRIVER, parts.read("gpu-damaged-driver.xml")), REFUSED, "nvgpu.rim.digest")
        self.rim_fails(answer_of(DRIVER, parts.read("gpu-stale-driver.xml")), REFUSED, "nvgpu.rim.validity")
        self.assertNotIn(RIM + VBIOS, Handler.asked)  # nobody was asked after the first that was wrong

    def test_reference_values_of_a_root_that_nobody_trusts(self):
        roots = parts.write("device-root.pem", parts.read("gpu-roots.pem").split(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n")
        self.assert_nothing(self.fetch(roots=roots), REFUSED, "nvgpu.rim.root")

    def test_what_is_no_answer_of_the_responder(self):
        whole = Handler.responder.answer(3, b"\2" * 32)
        for name, body in (("empty", b""), ("garbage", b"garbage"), ("page", b"<html>"), ("cut off", whole[:-1]), ("more", whole + b"\0"),
                           ("zeros", bytes(300)), ("a certificate", parts.read("snp-ark.der"))):
            with self.subTest(answer=name):
                Handler.words = {3: lambda number, nonce, body=body: body}
                self.assert_nothing(self.fetch(), REFUSED)

    def test_words_that_are_not_the_issuers_or_not_current(self):
        for change, sentence in (("expired", "out of date"), ("endless", "until when"), ("forged", "not signed by its responder"),
                                 ("unappointed", "not appointed by the issuer"), ("no-responder", "not for signing responses"),
                                 ("past-responder", "not valid now"), ("error", "the error 6")):
            with self.subTest(change=change):
                Handler.words = {3: change}
                self.assert_nothing(self.fetch(), REFUSED, sentence, "gpu-ocsp-" + Handler.responder.ids[3][0].hex())
        Handler.words = {0: "forged"}  # of the GPU's own chain
        self.assert_nothing(self.fetch(), REFUSED, "not signed by its responder", "gpu-ocsp-" + Handler.responder.ids[0][0].hex())

    def test_a_word_about_another_certificate(self):
        for number, other in ((0, 1), (3, 4), (3, 0), (5, 2)):
            Handler.words = {number: lambda _, nonce, other=other: Handler.responder.answer(other, nonce)}
            self.assert_nothing(self.fetch(), REFUSED, "another certificate")

    def test_words_of_the_issuer_itself_and_by_another_hash_are_taken(self):
        Handler.words = {0: "by-issuer", 4: "by-issuer", 5: "sha384"}
        self.assert_done(self.fetch())
        self.assertEqual(self.verify().returncode, ACCEPTED)


class Disowned(Case):
    def test_a_true_word_that_is_not_a_good_one_is_kept_and_said(self):
        self.assert_done(self.fetch())
        for number, row, change, status, sentence in (
                (0, "nvgpu.chain.not_revoked", "revoked", "revoked", "is revoked (reason 1)"),
                (3, "nvgpu.rim.not_revoked", "revoked", "revoked", "is revoked (reason 1)"),
                (2, "nvgpu.chain.not_revoked", "unknown", "unknown", "not known to its issuer"),
                (5, "nvgpu.rim.not_revoked", "hold", "revoked", "is on hold")):
            with self.subTest(change=change, certificate=number):
                self.assertEqual(set(os.listdir(self.directory)), self.names())
                Handler.words = {number: change}
                result = self.fetch()
                self.assertEqual(result.returncode, REFUSED)
                self.assertIn(row.encode(), result.stderr)
                self.assertIn(sentence.encode(), result.stderr)
                self.assertEqual(set(os.listdir(self.directory)), self.names())  # the good one of before is gone
                self.assertEqual(self.show()[Handler.responder.name(number)]["status"], status)
                refused = self.verify()
                self.assertEqual(refused.returncode, REFUSED)
                self.assertEqual(parts.failed(refused), {row})
        again = self.fetch("--renew", "1")
        self.assertEqual((again.returncode, again.stdout.count(b"as it was")), (REFUSED, 8))


class Evidence(Case):
    """Nobody is asked about evidence that is not a GPU's."""

    def assert_nobody_asked(self, result, code, *sentences):
        self.assert_nothing(result, code, *sentences)
        self.assertEqual(Handler.asked, [])

    def test_a_gpu_of_nobodys(self):
        self.assert_nobody_asked(self.fetch(roots=None), REFUSED, "nvgpu.chain.root")

    def test_a_report_that_was_changed(self):
        raw = bytearray(parts.read("gpu0-report.bin"))
        raw[raw.index(b"580.95.05")] = ord("6")
        gpus = ["--gpu-report", parts.write("changed-report", bytes(raw)), "--gpu-certs", "gpu0-chain.pem"]
        self.assert_nobody_asked(self.fetch(gpus=gpus), REFUSED, "nvgpu.report.signature")

    def test_a_report_with_another_gpus_certificates(self):
        gpus = ["--gpu-report", "gpu0-report.bin", "--gpu-certs", "gpu1-chain.pem"]
        self.assert_nobody_asked(self.fetch(gpus=gpus), REFUSED, "nvgpu.report.signature")

    def test_certificates_that_have_ended(self):
        self.assert_nobody_asked(self.fetch(at="2099-01-01T00:00:00Z"), REFUSED, "nvgpu.chain.validity")

    def test_a_name_that_would_lead_elsewhere_does_not_become_a_url(self):
        gpus = ["--gpu-report", "gpu-odd-report.bin", "--gpu-certs", "gpu0-chain.pem"]
        self.assert_nobody_asked(self.fetch(gpus=gpus), USAGE, "none of NVIDIA's")

    def test_what_is_no_report(self):
        for gpus in (["--gpu-report", "gpu0-chain.pem", "--gpu-certs", "gpu0-chain.pem"], ["--gpu-report", "gpu0-report.bin", "--gpu-certs", "snp-ark.der"]):
            self.assert_nobody_asked(self.fetch(gpus=gpus), REFUSED, "nvgpu.")


class Serve(served.ServeCase, Case):
    """The host's helper, which enclaves ask, where it may ask NVIDIA. The clock is this machine's."""

    RIM_NAME = f"gpu-rim-{DRIVER}.xml"

    def setUp(self):
        super().setUp()
        self.word = Handler.responder.name(3)

    def start(self, *more, **environment):
        arguments = more or ("--fetch-gpu", "--rim-url", self.base, "--ocsp-url", self.base)
        self.process = super().start(*arguments, **environment)

    def stop(self):
        self.process.terminate()
        return self.assert_ended(self.process)

    def begin(self, name):
        """Asks, and does not wait for the answer."""
        client = self.connect()
        client.sendall(served.question(name))
        return client

    def test_what_is_not_here_is_got_and_handed_on_and_not_kept(self):
        self.start()
        self.assertEqual(self.ask(self.RIM_NAME), (0, parts.read("gpu-driver.xml")))
        status, word = self.ask(self.word)
        self.assertEqual(status, 0)
        self.assertIn(Handler.nonces[0], word)
        self.assertEqual((Handler.asked, len(Handler.nonces[0])), ([RIM + DRIVER, 3], 32))
        self.assertEqual(os.listdir(self.directory), [])
        log = self.stop()
        self.assertIn(f" {self.RIM_NAME}: got from NVIDIA\n", log)
        self.assertIn(f" {self.word}: got from NVIDIA\n", log)

    def test_an_enclaves_words_and_values_verify(self):
        self.start()
        names = self.names() - {"manifest.json"}
        for name in names:
            status, content = self.ask(name)
            self.assertEqual(status, 0)
            self.put(name, content)
        self.stop()
        self.assertEqual(self.verify().returncode, ACCEPTED)

    def test_what_is_here_and_young_is_not_asked_for(self):
        young = Handler.responder.answer(3, b"", "young")
        self.put(self.RIM_NAME, parts.read("gpu-driver.xml"))
        self.put(self.word, young)
        self.start()
        self.assertEqual(self.ask(self.RIM_NAME), (0, parts.read("gpu-driver.xml")))
        self.assertEqual(self.ask(self.word), (0, young))
        self.assertEqual(Handler.asked, [])
        self.stop()

    def test_what_is_old_or_malformed_is_asked_for(self):
        for content in (Handler.responder.answer(3, b"", "old"), Handler.responder.answer(3, b"", "expired"), Handler.responder.answer(3, b"", "endless"),
                        b"garbage"):
            Handler.asked = []
            self.put(self.word, content)
            self.start()
            status, word = self.ask(self.word)
            self.assertEqual((status, Handler.asked), (0, [3]))
            self.assertNotEqual(word, content)
            self.stop()
        self.put(self.RIM_NAME, parts.read("gpu-stale-driver.xml"))
        self.start()
        self.assertEqual(self.ask(self.RIM_NAME), (0, parts.read("gpu-driver.xml")))
        self.stop()

    def test_when_nothing_comes_what_is_here_is_handed_out(self):
        old = Handler.responder.answer(3, b"", "old")
        self.put(self.word, old)
        Handler.ocsp = (403, b"", {})
        Handler.rims = {}
        self.start()
        self.assertEqual(self.ask(self.word), (0, old))
        self.assertEqual(self.ask(self.RIM_NAME), (1, b""))
        log = self.stop()
        self.assertIn("the server answered 403", log)
        self.assertIn("the server answered 404", log)

    def test_what_is_no_answer_is_not_handed_on(self):
        Handler.rims[DRIVER] = answer_of(VBIOS, parts.read("gpu-driver.xml"))
        self.start()
        self.assertEqual(self.ask(self.RIM_NAME), (1, b""))
        for words in ({3: lambda *_: b"garbage"}, {3: lambda *_: Handler.responder.answer(3, b"")}, {3: "error"}):
            Handler.words = words
            self.assertEqual(self.ask(self.word), (1, b""))
        log = self.stop()
        for sentence in ("about other reference values", "its nonce is not ours", "the error 6"):
            self.assertIn(sentence, log)

    def test_nobody_waits_for_somebody_elses_question(self):
        Handler.wait = threading.Event()
        self.put("tdx-00806f050000-platform.json", b"{}")
        self.start()
        slow = self.begin(self.RIM_NAME)
        gone = self.begin(self.RIM_NAME)
        gone.close()
        self.assertEqual(self.ask("tdx-00806f050000-platform.json"), (0, b"{}"))
        self.assertEqual(self.ask(self.word)[0], 0)
        Handler.wait.set()
        self.assertEqual(self.answer(slow), (0, parts.read("gpu-driver.xml")))
        self.stop()

    def test_a_signal_ends_what_is_under_way(self):
        Handler.wait = threading.Event()
        self.addCleanup(Handler.wait.set)
        self.start()
        client = self.begin(self.RIM_NAME)
        deadline = time.monotonic() + parts.WAIT
        while not Handler.asked and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(Handler.asked)
        self.stop()
        self.assertEqual(client.recv(1), b"")

    def test_it_asks_for_gpus_alone_and_only_where_it_may(self):
        self.start()
        for name in ("snp-crl-Genoa-vcek.crl", "tdx-00806f050000-platform.json"):
            self.assertEqual(self.ask(name), (1, b""))
        self.assertEqual(self.ask("gpu-rim-../x.xml"), (3, b""))
        self.stop()
        self.start("--once")
        self.assertEqual(self.ask(self.RIM_NAME), (1, b""))
        self.assertEqual(Handler.asked, [])

    def test_no_vm_has_it_ask_without_end(self):
        self.stand_in_curl('echo >>"$HOME/asked"\nexit 7\n')
        self.start("--fetch-gpu", PATH=self.parent + ":/usr/bin:/bin", HOME=self.parent)
        for _ in range(80):
            self.assertEqual(self.ask(self.RIM_NAME), (1, b""))
        with open(os.path.join(self.parent, "asked"), encoding="ascii") as f:
            asked = len(f.readlines())
        self.assertGreaterEqual(asked, 64)
        self.assertLess(asked, 80)
        self.assertIn("is not here; NVIDIA: not asked, for it was asked so often", self.stop())


class Usage(Case):
    def test_wrong_use(self):
        report, certs = ["--gpu-report", "gpu0-report.bin"], ["--gpu-certs", "gpu0-chain.pem"]
        for gpus in (report, certs, report + certs + certs, report * 17 + certs * 17, ["--bundle", "bundle.json"] + report + certs,
                     ["--bundle", "gpu0-report.bin"], ["--bundle", "no-such-file"], report + ["--gpu-certs", "no-such-file"],
                     report + certs + ["--renew", "0"], report + certs + ["--renew", "x"]):
            with self.subTest(arguments=gpus):
                self.assert_nothing(self.fetch(gpus=gpus), USAGE)
        for action in (["show"], ["serve", "--listen", "unix:" + os.path.join(self.parent, "s")]):
            for more in (["--bundle", "bundle.json"], report, ["--renew", "5"], ["--no-ocsp-nonce"], ["--rim-url", self.base]):
                self.assertEqual(parts.run("collateral", action[0], self.parent, *action[1:], *more).returncode, USAGE)
        self.assertEqual(parts.run("collateral", "show", self.parent, "--fetch-gpu").returncode, USAGE)
        self.assert_nothing(self.fetch("--fetch-gpu"), USAGE)
        for url in ("ftp://127.0.0.1", "", "x"):
            self.assert_nothing(self.fetch(base=["--rim-url", url, "--ocsp-url", self.base]), USAGE)
            self.assert_nothing(self.fetch(base=["--rim-url", self.base, "--ocsp-url", url]), USAGE)

    def test_verify_takes_directories_alone_for_gpus(self):
        self.assert_done(self.fetch())
        file = os.path.join(self.directory, "manifest.json")
        result = parts.run("verify", *self.gpu(), "--collateral", file, "--nonce", "any")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn(b"a directory is wanted", result.stderr)
        empty = os.path.join(self.parent, "empty")
        os.mkdir(empty)
        result = parts.run("verify", *self.gpu(), "--collateral", empty, "--nonce", "any", "--json")
        self.assertEqual(result.returncode, REFUSED)
        self.assertIn("nvgpu.rim.form", parts.failed(result))

    def test_curl_is_told_to_be_strict_and_whom_to_ask(self):
        self.curl_that_tells()
        self.assertEqual(self.fetch(base=[], PATH=self.parent).returncode, NETWORK)
        given = self.told()
        self.assertEqual(given[0], "--disable")
        self.assertNotIn("--location", given)
        self.assertNotIn("--data-binary", given)
        self.assertEqual(given[given.index("--max-redirs") + 1], "0")
        self.assertEqual(given[given.index("--url") + 1], "https://rim.attestation.nvidia.com/v1/rim/" + DRIVER)
        # The responder is asked when the reference values are there.
        self.assert_done(self.fetch())
        for i in FIRST:
            os.unlink(os.path.join(self.directory, Handler.responder.name(i)))
        self.assertEqual(self.fetch("--renew", "1", base=[], PATH=self.parent).returncode, NETWORK)
        given = self.told()
        self.assertEqual(given[given.index("--url") + 1], "https://ocsp.ndis.nvidia.com")
        self.assertEqual(given[given.index("--header") + 1], "Content-Type: application/ocsp-request")
        self.assertTrue(given[given.index("--data-binary") + 1].startswith("@" + self.directory))
        self.assertEqual(given[given.index("--max-filesize") + 1], "16384")


def main():
    """usage: test_collateral_gpu.py ENCLUME STAND_IN_NVIDIA [unittest options]"""
    if len(sys.argv) < 3:
        sys.exit(main.__doc__)
    if shutil.which("curl") is None:
        print("skipped: there is no curl here, which enclume collateral fetch needs")
        sys.exit(77)
    parts.enclume, program = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    with tempfile.TemporaryDirectory(prefix="enclume-nvidia-") as directory:
        parts.made = directory
        Handler.responder = Responder(program, directory)
        try:
            unittest.main()
        finally:
            Handler.responder.process.stdin.close()
            Handler.responder.process.wait()


if __name__ == "__main__":
    main()
