#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume collateral, run as a person runs it, against stand-ins of AMD's and Intel's services on the loopback interface, and how they can fail.

Exits with 77 (skipped) where there is no curl.
"""
import hashlib
import json
import os
import shutil
import signal
import socket
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
import served  # noqa: E402
from parts import ACCEPTED, DONE, NETWORK, NOW, REFUSED, USAGE  # noqa: E402


class Handler(served.Handler):
    """Answers with what is in `answers`: path -> (status, body, headers); a path without an answer is 404."""

    answers = {}
    requests = []
    once = {}  # path -> answers that come first, one request each

    def do_GET(self):
        Handler.requests.append(self.path)
        first = Handler.once.get(self.path)
        self.send(*(first.pop(0) if first else Handler.answers.get(self.path, (404, b"none"))))


class Case(served.CollateralCase):
    handler = Handler

    def setUp(self):
        super().setUp()
        Handler.answers, Handler.requests, Handler.once = {}, [], {}

    def fetch(self, *arguments, **environment):
        return parts.run("collateral", "fetch", self.directory, "--amd-url", self.base, "--intel-url", self.base, "--at", NOW,
                         *arguments, HOME=self.parent, **environment)

    def show(self, at=NOW, code=DONE):
        result = parts.run("collateral", "show", self.directory, "--json", "--at", at)
        self.assertEqual(result.returncode, code, result.stderr)
        return json.loads(result.stdout)

    def assert_done(self, result):
        self.assertEqual((result.returncode, result.stderr), (DONE, b""))
        self.assertFalse([name for name in os.listdir(self.directory) if name.startswith(".")], "temporary files are left")


class Amd(Case):
    def serve(self, kind="genoa", product="Genoa"):
        raw = parts.read(f"{kind}-report.bin")
        tcb = raw[0x180:0x188]
        key = "vlek" if kind == "vlek" else "vcek"
        if product == "Turin":
            levels = f"fmcSPL={tcb[0]:02}&blSPL={tcb[1]:02}&teeSPL={tcb[2]:02}&snpSPL={tcb[3]:02}&ucodeSPL={tcb[7]:02}"
            chip = raw[0x1a0:0x1a8].hex()
        else:
            levels = f"blSPL={tcb[0]:02}&teeSPL={tcb[1]:02}&snpSPL={tcb[6]:02}&ucodeSPL={tcb[7]:02}"
            chip = raw[0x1a0:0x1e0].hex()
        self.leaf = f"/vcek/v1/{product}/{chip}?{levels}"
        self.chain, self.crl = f"/{key}/v1/{product}/cert_chain", f"/{key}/v1/{product}/crl"
        Handler.answers = {
            self.chain: (200, parts.pem(parts.read(f"{kind}-ask.der")) + parts.pem(parts.read(f"{kind}-ark.der")), {}),
            self.crl: (200, parts.read(f"{kind}-crl.der"), {}),
        }
        if kind != "vlek":
            Handler.answers[self.leaf] = (200, parts.read(f"{kind}-vek.der"), {})

    def get(self, kind="genoa", *more):
        return self.fetch("--snp-report", f"{kind}-report.bin", "--trust-simulated", f"{kind}-ark.der", *more)

    def verify(self, kind="genoa", report=None):
        raw = parts.read(f"{kind}-report.bin")
        return parts.run("verify", "--snp-report", report or f"{kind}-report.bin", "--collateral", self.directory, "--report-data",
                         raw[0x50:0x90].hex(), "--measurement", parts.snp_measurement(raw), "--trust-simulated",
                         f"{kind}-ark.der", "--at", NOW, "--json")

    def test_what_is_fetched_is_enough_to_verify_offline(self):
        for kind, product in (("genoa", "Genoa"), ("turin", "Turin")):
            with self.subTest(kind=kind):
                self.serve(kind, product)
                Handler.requests = []
                self.assert_done(self.get(kind))
                self.assertEqual(Handler.requests, [self.leaf, self.chain, self.crl])
                Handler.answers = {}
                result = self.verify(kind)
                self.assertEqual(result.returncode, ACCEPTED, result.stderr)

    def test_a_vlek_comes_from_the_provider(self):
        self.serve("vlek")
        self.assert_nothing(self.get("vlek"), USAGE, "VLEK", "--certs")
        self.assert_done(self.get("vlek", "--certs", "vlek-vek.der"))
        self.assertEqual(self.verify("vlek").returncode, ACCEPTED)
        extended = parts.write("extended", parts.read("vlek-report.bin") + parts.table({"vlek": parts.read("vlek-vek.der")}))
        shutil.rmtree(self.directory)
        self.assert_done(self.fetch("--snp-report", extended, "--trust-simulated", "vlek-ark.der"))
        self.assertEqual(self.verify("vlek").returncode, ACCEPTED)

    def test_a_report_of_version_2_needs_its_product_named(self):
        path = parts.real("snp/sev/report_milan.hex")
        if path is None:
            self.skipTest("no report of version 2")
        self.assert_nothing(self.fetch("--snp-report", path), USAGE, "--product")
        result = self.fetch("--snp-report", path, "--product", "Milan")
        self.assertEqual(result.returncode, NETWORK)
        with open(path, encoding="ascii") as f:
            raw = bytes.fromhex(f.read()[: 2 * 1184])
        self.assertEqual(Handler.requests, [f"/vcek/v1/Milan/{raw[0x1a0:0x1e0].hex()}?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115"])

    def test_real_endorsements_are_kept_and_used(self):
        names = [parts.real(f"snp/sev/{name}") for name in ("report_milan.hex", "vcek_milan.der", "cert_chain_milan")]
        if None in names:
            self.skipTest("no real evidence")
        with open(names[0], encoding="ascii") as f:
            raw = bytes.fromhex(f.read()[: 2 * 1184])
        contents = []
        for name in names[1:]:
            with open(name, "rb") as f:
                contents.append(f.read())
        Handler.answers = {
            f"/vcek/v1/Milan/{raw[0x1a0:0x1e0].hex()}?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115": (200, contents[0], {}),
            "/vcek/v1/Milan/cert_chain": (200, contents[1], {}),
            "/vcek/v1/Milan/crl": (200, parts.read("genoa-crl.der"), {}),  # none of AMD's is at hand: another root's
        }
        result = self.fetch("--snp-report", names[0], "--product", "Milan")
        self.assert_nothing(result, REFUSED, "snp.crl.signature")

    def test_the_directory_says_for_whom_and_until_when(self):
        self.serve()
        result = self.get("genoa", "--json")
        self.assert_done(result)
        fetched = json.loads(result.stdout)
        shown = self.show()
        self.assertEqual(sorted(d["file"] for d in fetched), [d["file"] for d in shown["documents"]])
        raw = parts.read("genoa-report.bin")
        certificates = next(d for d in shown["documents"] if d["what"] == "certificates of a chip")
        self.assertEqual(certificates["chip_id"], raw[0x1a0:0x1e0].hex())
        self.assertEqual(certificates["tcb"], raw[0x180:0x188].hex())
        self.assertEqual([p["part"] for p in certificates["parts"]], ["VCEK", "ASK", "ARK"])
        self.assertFalse(any(p["expired"] for d in shown["documents"] for p in d["parts"]))
        self.assertEqual(shown["first_to_expire"]["part"], "revocation list")
        self.assertTrue(all(p["expired"] for d in self.show("2099-01-01T00:00:00Z")["documents"] for p in d["parts"]))
        text = parts.run("collateral", "show", self.directory, "--at", "2099-01-01T00:00:00Z").stdout.decode()
        self.assertIn("EXPIRED", text)
        self.assertIn("The first to expire: snp-crl-Genoa-vcek.crl", text)
        contents = self.contents()
        for name, entry in json.loads(contents["manifest.json"]).items():
            self.assertEqual(hashlib.sha256(contents[name]).hexdigest(), entry["sha256"])
            self.assertTrue(all(url.startswith(self.base) for url in entry["sources"]))
            self.assertEqual(entry["fetched"], NOW)

    WORD = "gpu-ocsp-1001-" + "aa" * 32 + "-" + "bb" * 32 + ".der"

    def test_what_is_there_for_gpus(self):
        os.makedirs(self.directory, exist_ok=True)
        for name, source in (("gpu-rim-NV_GPU_DRIVER_GH100_580.95.05.xml", "hopper-driver.xml"), (self.WORD, "hopper-ocsp0.der")):
            self.put(name, parts.read(source))
        ocsp, rim = self.show()["documents"]
        self.assertEqual((rim["what"], rim["id"]), ("reference values of a GPU", "NV_GPU_DRIVER_GH100_580.95.05"))
        self.assertEqual((ocsp["what"], ocsp["serial"], ocsp["status"]), ("word about a certificate", "1001", "good"))
        for document in (ocsp, rim):
            self.assertEqual([p["valid_until"] for p in document["parts"]], ["2046-01-19T18:40:00Z"])
            self.assertFalse(document["parts"][0]["expired"])
        self.put(self.WORD, parts.read("hopper-ocsp0.der")[:-1])
        self.assertIn("malformed", self.show(code=USAGE)["documents"][0])

    def test_an_empty_directory_and_a_malformed_document(self):
        os.mkdir(self.directory)
        self.assertEqual(self.show(), {"documents": [], "first_to_expire": None})
        self.serve()
        self.assert_done(self.get())
        name = next(n for n in os.listdir(self.directory) if n.endswith(".table"))
        self.put(name, b"garbage")
        shown = self.show(code=USAGE)
        self.assertIn("malformed", next(d for d in shown["documents"] if d["file"] == name))
        result = self.verify()
        self.assertEqual(result.returncode, REFUSED)
        self.assertIn("file.snp.certificates", parts.failed(result))

    def test_a_chip_that_the_directory_does_not_have(self):
        self.serve()
        self.assert_done(self.get())
        result = self.verify("turin")
        self.assertEqual(result.returncode, REFUSED)
        self.assertIn("file.snp.certificates", parts.failed(result))

    # ---- how the service can fail ----

    def answer(self, which, status, body, **headers):
        Handler.answers[which] = (status, body, headers)

    def test_statuses(self):
        self.serve()
        for status in (404, 400, 500):
            for which in (self.leaf, self.chain, self.crl):
                with self.subTest(status=status, which=which):
                    self.serve()
                    self.answer(which, status, b"no")
                    self.assert_nothing(self.get(), NETWORK, str(status))

    def test_too_many_requests_are_tried_again_and_then_given_up(self):
        self.serve()
        Handler.once = {self.leaf: [(429, b"slow down", {"Retry-After": "1"})]}
        self.assertEqual(self.get().returncode, DONE)
        self.assertEqual(Handler.requests.count(self.leaf), 2)
        shutil.rmtree(self.directory)
        self.answer(self.leaf, 429, b"slow down", **{"Retry-After": "1"})
        self.assert_nothing(self.get(), NETWORK, "429")

    def test_a_redirect_is_not_followed(self):
        self.serve()
        Handler.answers["/elsewhere"] = Handler.answers[self.leaf]
        for where in ("/elsewhere", "https://example.invalid/", "file:///etc/hostname"):
            self.answer(self.leaf, 302, b"", Location=where)
            self.assert_nothing(self.get(), NETWORK, "302")
        self.assertNotIn("/elsewhere", Handler.requests)

    def test_an_answer_that_is_cut_off(self):
        self.serve()
        vcek = parts.read("genoa-vek.der")
        Handler.answers[self.leaf] = (200, vcek[:100], {"X-Length": str(len(vcek))})
        self.assert_nothing(self.get(), NETWORK)
        Handler.answers[self.leaf] = (200, vcek[:100], {})
        self.assert_nothing(self.get(), REFUSED)

    def test_garbage(self):
        for body in (b"", b"garbage", b"<html>503</html>", bytes(1000), os.urandom(2000), parts.read("genoa-report.bin")):
            for which in ("leaf", "chain", "crl"):
                with self.subTest(which=which, body=body[:10]):
                    self.serve()
                    self.answer(getattr(self, which), 200, body)
                    self.assert_nothing(self.get(), REFUSED)

    def test_too_much(self):
        self.serve()
        self.answer(self.crl, 200, bytes(600 * 1024))
        self.assert_nothing(self.get(), NETWORK, "524288")
        Handler.answers[self.crl] = (200, bytes(600 * 1024), {"X-Length": "none"})
        self.assert_nothing(self.get(), NETWORK, "524288")

    def test_another_chips_certificate_is_not_kept(self):
        self.serve()
        other = parts.read("turin-vek.der")
        self.answer(self.leaf, 200, other)
        result = self.get()
        self.assert_nothing(result, REFUSED, "snp.chain.vek")
        damaged = bytearray(parts.read("genoa-vek.der"))
        damaged[-1] ^= 1
        self.answer(self.leaf, 200, bytes(damaged))
        self.assert_nothing(self.get(), REFUSED, "snp.chain.vek")
        self.serve()
        raw = bytearray(parts.read("genoa-report.bin"))
        raw[0x1a0] ^= 1
        path = self.leaf.replace(parts.read("genoa-report.bin")[0x1a0:0x1e0].hex(), raw[0x1a0:0x1e0].hex())
        self.answer(path, 200, parts.read("genoa-vek.der"))
        result = self.fetch("--snp-report", parts.write("other-chip", bytes(raw)), "--trust-simulated", "genoa-ark.der")
        self.assert_nothing(result, REFUSED, "snp.")

    def test_a_root_that_nobody_trusts(self):
        self.serve()
        self.assert_nothing(self.fetch("--snp-report", "genoa-report.bin"), REFUSED, "snp.chain.root")

    def test_what_is_there_stays_when_a_fetch_fails(self):
        self.serve()
        self.assert_done(self.get())
        before = self.contents()
        self.answer(self.crl, 404, b"")
        self.assertEqual(self.get().returncode, NETWORK)
        self.assertEqual(self.contents(), before)

    def test_without_curl_it_says_what_is_missing(self):
        self.serve()
        result = self.fetch("--snp-report", "genoa-report.bin", PATH=self.parent)
        self.assert_nothing(result, NETWORK, "curl", "not installed")

    def test_curl_is_told_to_be_strict(self):
        self.curl_that_tells()
        result = parts.run("collateral", "fetch", self.directory, "--snp-report", "genoa-report.bin", "--at", NOW, HOME=self.parent,
                           PATH=self.parent)
        self.assertEqual(result.returncode, NETWORK)
        arguments = self.told()
        self.assertEqual(arguments[0], "--disable")
        self.assertNotIn("--location", arguments)
        for option, value in (("--max-redirs", "0"), ("--max-filesize", "524288"), ("--max-time", "60")):
            self.assertEqual(arguments[arguments.index(option) + 1], value)
        self.assertTrue(arguments[arguments.index("--url") + 1].startswith("https://kdsintf.amd.com/vcek/v1/Genoa/"))


class Intel(Case):
    def serve(self, kind="tdx5"):
        chain = urllib.parse.quote(parts.pem(parts.read(f"{kind}-signer.der")) + parts.pem(parts.read(f"{kind}-root.der")))
        self.tcb, self.qe = "/tdx/certification/v4/tcb?fmspc=00806f050000", "/tdx/certification/v4/qe/identity"
        ca = "processor" if kind == "tdx4" else "platform"
        self.pck = f"/sgx/certification/v4/pckcrl?ca={ca}&encoding=der"
        self.root = "/sgx/certification/v4/rootcacrl"
        Handler.answers = {
            self.tcb: (200, parts.read(f"{kind}-tcb_info.json"), {"TCB-Info-Issuer-Chain": chain}),
            self.qe: (200, parts.read(f"{kind}-qe_identity.json"), {"SGX-Enclave-Identity-Issuer-Chain": chain}),
            self.pck: (200, parts.read(f"{kind}-pck_crl.der"), {"SGX-PCK-CRL-Issuer-Chain": "x"}),
            self.root: (200, parts.read(f"{kind}-root_crl.der").hex().encode(), {}),
        }

    def get(self, kind="tdx5", *more):
        return self.fetch("--tdx-quote", f"{kind}-quote.bin", "--trust-simulated", f"{kind}-root.der", *more)

    def verify(self, kind="tdx5"):
        return parts.run("verify", "--tdx-quote", f"{kind}-quote.bin", "--collateral", self.directory, "--report-data", "d0" * 64,
                         "--measurement", parts.mrtd(parts.read(f"{kind}-quote.bin")), "--rtmr", "all:any", "--trust-simulated",
                         f"{kind}-root.der", "--at", NOW, "--json")

    def test_what_is_fetched_is_enough_to_verify_offline(self):
        for kind in ("tdx5", "tdx4"):
            with self.subTest(kind=kind):
                self.serve(kind)
                Handler.requests = []
                self.assert_done(self.get(kind))
                self.assertEqual(Handler.requests, [self.tcb, self.qe, self.pck, self.root])
                result = self.verify(kind)
                self.assertEqual(result.returncode, ACCEPTED, result.stderr or parts.failed(result))
        shown = self.show()
        self.assertEqual([d["file"] for d in shown["documents"]],
                         ["tdx-00806f050000-platform.json", "tdx-00806f050000-processor.json"])
        self.assertEqual(shown["documents"][0]["fmspc"], "00806f050000")
        self.assertEqual([p["part"] for p in shown["documents"][0]["parts"]],
                         ["TCB info", "identity of the quoting enclave", "signer of the TCB info", "signer of the identity",
                          "revocation list of the root", "revocation list of the PCK's issuer"])

    def test_the_old_name_of_the_header_and_small_letters(self):
        self.serve()
        status, body, headers = Handler.answers[self.tcb]
        Handler.answers[self.tcb] = (status, body, {"sgx-tcb-info-issuer-chain": headers["TCB-Info-Issuer-Chain"]})
        Handler.answers[self.root] = (200, parts.read("tdx5-root_crl.der"), {})
        self.assert_done(self.get())

    def test_failures(self):
        self.serve()
        answers = dict(Handler.answers)
        for which in (self.tcb, self.qe, self.pck, self.root):
            body, headers = answers[which][1:]
            for name, answer, code in (("404", (404, b"", {}), NETWORK), ("redirect", (302, b"", {"Location": self.root}), NETWORK),
                                       ("cut", (200, body[:-3], {**headers, "X-Length": str(len(body))}), NETWORK),
                                       ("garbage", (200, b"garbage", headers), REFUSED), ("empty", (200, b"", headers), REFUSED),
                                       ("damaged", (200, body[:-20] + b"\x00" + body[-19:], headers), REFUSED),
                                       ("too much", (200, bytes(600 * 1024), headers), NETWORK)):
                with self.subTest(which=which, failure=name):
                    Handler.answers = {**answers, which: answer}
                    self.assert_nothing(self.get(), code)

    def test_headers_that_are_no_chain(self):
        for which in ("tcb", "qe"):
            for value in (None, "", "x", "%zz", "%2", "-----BEGIN%20CERTIFICATE-----"):
                with self.subTest(which=which, value=value):
                    self.serve()
                    path = getattr(self, which)
                    status, body, headers = Handler.answers[path]
                    name = next(iter(headers))
                    Handler.answers[path] = (status, body, {} if value is None else {name: value})
                    self.assert_nothing(self.get(), REFUSED)

    def test_another_platforms_collateral_is_not_kept(self):
        names = [parts.real(f"tdx/dcap-qvl/{name}") for name in ("tdx_quote", "tdx_quote_outdated_collateral.json")]
        self.serve()
        result = self.fetch("--tdx-quote", "tdx5-quote.bin")
        self.assert_nothing(result, REFUSED, "tdx.pck.root")
        if None in names:
            self.skipTest("no real evidence")
        Handler.requests = []
        self.assert_nothing(self.fetch("--tdx-quote", names[0]), NETWORK, "404")
        fmspc = Handler.requests[0].split("=")[1]
        Handler.answers[f"/tdx/certification/v4/tcb?fmspc={fmspc}"] = Handler.answers[self.tcb]
        self.assert_nothing(self.fetch("--tdx-quote", names[0], "--trust-simulated", "tdx5-root.der"), REFUSED, "tdx.")

    def test_expired_collateral_is_not_kept(self):
        self.serve()
        result = parts.run("collateral", "fetch", self.directory, "--tdx-quote", "tdx5-quote.bin", "--intel-url", self.base,
                           "--trust-simulated", "tdx5-root.der", "--at", "2030-01-01T00:00:00Z")
        self.assert_nothing(result, REFUSED, "current")


class Serve(served.ServeCase):
    """The program as it is run on a host; who asks it, and with what, is in test_collateral_serve.c."""

    handler = Handler
    NAME = "tdx-00806f050000-platform.json"
    WORD = "gpu-ocsp-05-" + "aa" * 32 + "-" + "bb" * 32 + ".der"

    def setUp(self):
        super().setUp()
        self.put(self.NAME, b"{}")

    def ask(self, name=NAME):
        return super().ask(name)

    def test_signals_end_it_in_good_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                server = self.start()
                self.connect().sendall(b"ENCL")  # somebody who is in the middle of it
                self.assertEqual(self.ask(), (0, b"{}"))
                self.assertEqual(self.ask(self.WORD), (1, b""))
                server.send_signal(number)
                lines = self.assert_ended(server).splitlines()
                self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ tdx-00806f050000-platform.json: found$")
                self.assertRegex(lines[1], r"Z gpu-ocsp-05-[0-9a-f-]{129}.der: is not here$")

    def test_once(self):
        server = self.start("--once")
        self.assertEqual(self.ask(), (0, b"{}"))
        self.assert_ended(server)

    def test_vsock(self):
        """As far as this machine has it: a kernel without vsock refuses, and one without its loopback transport cannot connect to itself."""
        probe = None
        try:
            probe = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
            probe.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
            port = probe.getsockname()[1]
        except OSError:
            self.skipTest("there is no vsock here")
        finally:
            if probe is not None:
                probe.close()
        server = self.start(listen=f"vsock:{port}")
        client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        self.addCleanup(client.close)
        client.settimeout(2)
        try:
            client.connect((1, port))  # VMADDR_CID_LOCAL
        except OSError as e:
            print(f"vsock: it listens; nobody can ask here: {e}", file=sys.stderr)
        else:
            client.settimeout(parts.WAIT)
            client.sendall(served.question(self.NAME))
            self.assertEqual(self.answer(client), (0, b"{}"))
        server.terminate()
        self.assert_ended(server)

    def test_the_name_of_one_that_was_killed_is_taken_over(self):
        self.start().kill()
        deadline = time.monotonic() + parts.WAIT
        server = None
        while server is None and time.monotonic() < deadline:
            try:
                self.connect().close()
                time.sleep(0.05)
            except ConnectionRefusedError:
                server = self.start("--once")
        self.assertEqual(self.ask(), (0, b"{}"))
        self.assert_ended(server)

    def test_one_that_answers_is_left_alone(self):
        server = self.start()
        result = parts.run("collateral", "serve", self.directory, "--listen", "unix:" + self.path)
        self.assertEqual(result.returncode, NETWORK, result.stderr)
        self.assertEqual(self.ask(), (0, b"{}"))
        server.terminate()
        self.assert_ended(server)

    def test_wrong_use(self):
        at = ("--listen", "unix:" + self.path)
        for arguments in (["serve", self.directory], ["serve", *at], ["serve", self.directory, "e", *at], ["serve", "no-such-directory", *at],
                          ["serve", self.directory, *at, "--json"], ["serve", self.directory, *at, "--at", NOW],
                          ["serve", self.directory, *at, "--product", "Milan"], ["serve", self.directory, "--listen", "tcp:127.0.0.1:1"],
                          ["serve", self.directory, "--listen", "vsock:x"], ["serve", self.directory, "--listen", "unix:" + "x" * 200],
                          ["show", self.directory, "--once"], ["show", self.directory, *at],
                          ["fetch", self.directory, "--snp-report", "genoa-report.bin", "--once"]):
            with self.subTest(arguments=arguments):
                result = parts.run("collateral", *arguments)
                self.assertEqual(result.returncode, USAGE, result.stderr)
                self.assertEqual(result.stdout, b"")
                self.assertFalse(os.path.exists(self.path))


class Usage(Case):
    def test_wrong_use(self):
        for arguments in ([], ["fetch"], ["show"], ["list", "d"], ["fetch", "d"], ["show", "d", "e"], ["show", "d", "--product", "Milan"],
                          ["fetch", "d", "--snp-report", "genoa-report.bin", "--tdx-quote", "tdx5-quote.bin"],
                          ["fetch", "d", "--snp-report", "no-such-file"], ["show", "no-such-directory"], ["show", "d", "--at", "noon"],
                          ["fetch", "d", "--snp-report", "genoa-report.bin", "--amd-url", "ftp://127.0.0.1"],
                          ["fetch", "d", "--snp-report", "genoa-ark.der"], ["fetch", "d", "--tdx-quote", "genoa-report.bin"]):
            with self.subTest(arguments=arguments):
                arguments = [os.path.join(self.parent, "d") if a == "d" else a for a in arguments]
                result = parts.run("collateral", *arguments)
                self.assertEqual(result.returncode, USAGE, result.stderr)
                self.assertEqual(result.stdout, b"")


if __name__ == "__main__":
    if shutil.which("curl") is None:
        print("skipped: there is no curl here, which enclume collateral fetch needs")
        sys.exit(77)
    parts.main(unittest)
