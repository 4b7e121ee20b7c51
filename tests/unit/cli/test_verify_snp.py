#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume verify of SEV-SNP reports in separate files, run as a person runs it: made-up evidence in every wrapping."""
import base64
import json
import os
import pty
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
from parts import ACCEPTED, NOW, REFUSED, USAGE  # noqa: E402
from verify_cases import SnpCase  # noqa: E402


class Snp(SnpCase):
    def test_three_generations_and_both_keys_are_accepted(self):
        for kind in ("genoa", "turin", "vlek"):
            with self.subTest(kind=kind):
                result = self.verify(*self.base(kind))
                self.assert_accepted(result)
                claims = parts.verdict(result)["claims"]
                self.assertEqual(claims["snp"]["signing_key"], "VLEK" if kind == "vlek" else "VCEK")
                self.assertIsNone(claims["tdx"])
                self.assertFalse(claims["fresh"])
                self.assertEqual(parts.verdict(result)["platform"], "SIMULATED AMD SEV-SNP")

    def test_every_wrapping_of_the_report(self):
        raw = parts.read("genoa-report.bin")
        header = bytes(4) + len(raw).to_bytes(4, "little") + bytes(24)
        runtime = b"".join(n.to_bytes(4, "little") for n in (20, 1, 2, 1, 0))
        certificates = parts.table({"vcek": parts.read("genoa-vek.der"), "ask": parts.read("genoa-ask.der"),
                                    "ark": parts.read("genoa-ark.der")})
        hexadecimal = raw.hex()
        wrappings = {
            "header": header + raw, "header and zeros": header + raw + bytes(2784), "before runtime data": raw + runtime,
            "extended": raw + certificates, "header, extended": header + raw + certificates,
            "hex": hexadecimal.encode(), "HEX": hexadecimal.upper().encode() + b"\n", "0x": b"0x" + hexadecimal.encode(),
            "hex lines": "\n".join(hexadecimal[i : i + 64] for i in range(0, len(hexadecimal), 64)).encode(),
            "base64": base64.b64encode(raw), "base64 lines": base64.encodebytes(raw),
            "base64url": base64.urlsafe_b64encode(raw).rstrip(b"="),
            "header in base64": base64.b64encode(header + raw),
            "extended in hex": (raw + certificates).hex().encode(),
        }
        for name, content in wrappings.items():
            with self.subTest(wrapping=name):
                result = self.verify(*self.base(report=parts.write("wrapped", content)))
                self.assert_accepted(result)
        result = self.verify(*self.base(report="-"), stdin=raw)
        self.assert_accepted(result)

    def test_an_extended_report_brings_its_certificates(self):
        raw = parts.read("genoa-report.bin")
        certificates = parts.table({"vcek": parts.read("genoa-vek.der"), "ask": parts.read("genoa-ask.der"),
                                    "ark": parts.read("genoa-ark.der")})
        path = parts.write("extended", raw + certificates)
        arguments = [a for a in self.base(report=path) if not (a == "--certs" or a.endswith(("vek.der", "ask.der")))]
        arguments = [a for i, a in enumerate(arguments) if not (a == "genoa-ark.der" and arguments[i - 1] != "--trust-simulated")]
        self.assert_accepted(self.verify(*arguments))

    def test_every_form_of_the_certificates(self):
        vek, ask, ark = (parts.read(f"genoa-{name}.der") for name in ("vek", "ask", "ark"))
        crl = parts.read("genoa-crl.der")
        forms = {
            "one PEM": [parts.pem(vek) + parts.pem(ask) + parts.pem(ark)],
            "PEM, other order, text between": [b"the root\n" + parts.pem(ark) + b"\nand\n" + parts.pem(ask), parts.pem(vek)],
            "a table": [parts.table({"vcek": vek, "ask": ask, "ark": ark})],
            "DER and a chain": [vek, parts.pem(ask) + parts.pem(ark)],
            "twice": [vek, ask, ark, parts.pem(ark)],
            "hexadecimal DER": [vek.hex().encode(), base64.b64encode(ask), ark],
            "a list among them": [parts.pem(vek) + parts.pem(ask) + parts.pem(ark) + parts.pem(crl, "X509 CRL")],
        }
        for name, files in forms.items():
            with self.subTest(form=name):
                certs = [parts.write(f"form{i}", content) for i, content in enumerate(files)]
                self.assert_accepted(self.verify(*self.base(certs=certs)))
        pem_list = parts.write("list.pem", parts.pem(crl, "X509 CRL"))
        self.assert_accepted(self.verify(*[pem_list if a == "genoa-crl.der" else a for a in self.base()]))

    def test_report_data(self):
        self.assert_refused_by(self.verify(*self.base(data="00" * 64)), "snp.report_data")
        self.assert_refused_by(self.verify(*self.base(data=None)), "snp.report_data")
        result = self.verify(*self.base(data="any"))
        self.assert_accepted(result)
        names = {check["name"]: check for check in parts.verdict(result)["checks"]}
        self.assertNotIn("snp.report_data", names)
        self.assertIn("not compared", names["snp.report_data.any"]["text"])
        self.assertIn("not compared", names["snp.report_data.any"]["saw"])
        self.assertFalse(parts.verdict(result)["claims"]["fresh"])
        # Shorter values are completed with zeros, at the right: so these are other values here.
        self.assert_refused_by(self.verify(*self.base(data="d0" * 32)), "snp.report_data")
        for wrong in ("", "d", "xy", "d0" * 65, "ANY"):
            with self.subTest(data=wrong):
                self.assertEqual(self.verify(*self.base(data=wrong)).returncode, USAGE)

    def test_what_is_missing_is_named(self):
        base = self.base()
        without_vek = [a for i, a in enumerate(base) if not (a == "genoa-vek.der" or base[i + 1 : i + 2] == ["genoa-vek.der"])]
        result = self.verify(*without_vek)
        self.assertEqual(result.returncode, REFUSED)
        self.assertLessEqual({"file.snp.certificates", "snp.chain.form"}, parts.failed(result))
        check = next(c for c in parts.verdict(result)["checks"] if c["name"] == "file.snp.certificates")
        self.assertEqual(check["saw"], "there is no VCEK")
        without_crl = [a for i, a in enumerate(base) if a not in ("--crl", "genoa-crl.der")]
        self.assert_refused_by(self.verify(*without_crl), "snp.crl.present")

    def test_a_certificate_that_cannot_be_read_is_named(self):
        path = parts.write("broken.der", parts.read("genoa-vek.der")[:-1])
        result = self.verify(*self.base(certs=[path, "genoa-ask.der", "genoa-ark.der"]))
        self.assertEqual(result.returncode, REFUSED)
        check = next(c for c in parts.verdict(result)["checks"] if c["name"] == "file.snp.certificates")
        self.assertIn("broken.der", check["saw"])

    def test_damage_is_refused_by_the_right_check(self):
        raw = parts.read("genoa-report.bin")
        for at, name in ((0x90, "snp.measurement"), (0x2a0, None), (0xc0, None)):
            damaged = bytearray(raw)
            damaged[at] ^= 1
            result = self.verify(*self.base(report=parts.write("damaged", bytes(damaged))))
            self.assertEqual(result.returncode, REFUSED)
            self.assertIn("snp.report.signature", parts.failed(result))
            if name:
                self.assertIn(name, parts.failed(result))
        for content in (b"", raw[:-1], raw + b"x", b"\0" * 1184, b"{}", b"abc", os.urandom(3000)):
            result = self.verify(*self.base(report=parts.write("damaged", content)))
            self.assertEqual(result.returncode, REFUSED)
            self.assertIn("snp.report.form", parts.failed(result))

    def test_another_platforms_evidence_is_refused(self):
        result = self.verify(*self.base(report="tdx5-quote.bin"))
        self.assertEqual(result.returncode, REFUSED)
        self.assertIn("snp.report.form", parts.failed(result))

    def test_a_policy_that_names_another_platform_refuses(self):
        policy = parts.write("policy.json", json.dumps({"version": 1, "platforms": ["tdx"]}).encode())
        self.assert_refused_by(self.verify(*self.base(), "--policy", policy), "file.platform")
        policy = parts.write("policy.json", json.dumps({"version": 1, "snp": {"vmpl": 1}}).encode())
        self.assert_refused_by(self.verify(*self.base(), "--policy", policy), "snp.vmpl")

    def test_the_inventory_is_in_the_summary(self):
        raw = parts.read("genoa-report.bin")
        result = parts.run("verify", *self.base())
        self.assertIn(b"Inventory of chips: not checked", result.stdout)
        chips = {"version": 1, "snp": {"chips": [raw[0x1a0 : 0x1e0].hex()]}}
        policy = parts.write("policy.json", json.dumps(chips).encode())
        result = parts.run("verify", *self.base(), "--policy", policy)
        self.assertEqual(result.returncode, ACCEPTED)
        self.assertIn(b"Inventory of chips: checked.", result.stdout)

    def test_times(self):
        for text in ("2026-01-01T01:30:00+01:30", "2025-12-31t19:00:00-05:00", "2026-01-01t00:00:00z"):
            with self.subTest(time=text):
                arguments = [text if a == NOW else a for a in self.base()]
                result = self.verify(*arguments)
                self.assert_accepted(result)
                self.assertEqual(parts.verdict(result)["appraised_at"], 1767225600)
        for text in ("2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00.5Z", "2026-02-30T00:00:00Z", "1969-12-31T23:59:59Z",
                     "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+0100", "now", ""):
            with self.subTest(time=text):
                arguments = [text if a == NOW else a for a in self.base()]
                result = parts.run("verify", *arguments)
                self.assertEqual(result.returncode, USAGE)
                self.assertIn(b"--at", result.stderr)
        result = self.verify(*["2020-01-01T00:00:00Z" if a == NOW else a for a in self.base()])
        self.assert_refused_by(result, "snp.chain.validity", "snp.crl.window")

    def test_the_text_marks_the_first_failure_and_prints_everything(self):
        result = parts.run("verify", *self.base(data="00" * 64), "--measurement", "11" * 48)
        text = result.stdout.decode()
        self.assertEqual(text.count("first   what failed before anything else"), 1)
        self.assertIn("REFUSED: 1 of ", text)
        self.assertNotIn("\033", text)
        self.assertEqual(len(re.findall(r"^(?:ok|FAILED) ", text, re.M)), len(parts.verdict(self.verify(*self.base()))["checks"]))
        explained = parts.run("verify", *self.base(), "--explain").stdout.decode()
        self.assertEqual(len(re.findall(r"^        why     \S", explained, re.M)), len(re.findall(r"^ok ", explained, re.M)))

    def on_a_terminal(self, **environment):
        env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        env.update({"TERM": "xterm", **environment})
        leader, follower = pty.openpty()
        with subprocess.Popen([parts.enclume, "verify", *self.base(data="00" * 64)], cwd=parts.made, env=env,
                              stdout=follower) as child:
            os.close(follower)
            out = b""
            try:
                while chunk := os.read(leader, 65536):
                    out += chunk
            except OSError:
                pass
            child.wait()
        os.close(leader)
        return out

    def test_colours_are_for_terminals_that_want_them(self):
        out = self.on_a_terminal()
        self.assertIn(b"\033[32m", out)
        self.assertIn(b"\033[31;1mFAILED", out)
        self.assertNotIn(b"\033", self.on_a_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\033", self.on_a_terminal(TERM="dumb"))


if __name__ == "__main__":
    parts.main(unittest)
