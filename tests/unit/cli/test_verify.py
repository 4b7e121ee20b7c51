#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume verify of reports and quotes in separate files, run as a person runs it: made-up evidence in every wrapping, other people's at its own time."""
import base64
import json
import os
import pty
import re
import subprocess
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
from parts import ACCEPTED, NOW, REFUSED, USAGE  # noqa: E402


def schema():
    with open(os.path.join(parts.source, "docs/verdict.md"), encoding="utf-8") as f:
        return json.loads(re.search(r"```json\n(.*?)```", f.read(), re.S)[1])


class Case(unittest.TestCase):
    def verify(self, *arguments, **more):
        result = parts.run("verify", *arguments, "--json", **more)
        if result.returncode in (ACCEPTED, REFUSED):
            fault = parts.check_schema(schema(), parts.verdict(result))
            self.assertIsNone(fault, fault)
        return result

    def assert_accepted(self, result):
        self.assertEqual(result.returncode, ACCEPTED, (result.stderr, result.stdout and parts.failed(result)))

    def assert_refused_by(self, result, *names):
        self.assertEqual(result.returncode, REFUSED, result.stderr)
        self.assertEqual(parts.failed(result), set(names))


class Snp(Case):
    """A sound report: report data d0d0..., chain and list."""

    def base(self, kind="genoa", report=None, certs=None, data="d0" * 64):
        content = parts.read(f"{kind}-report.bin")
        certs = certs or [f"{kind}-vek.der", f"{kind}-ask.der", f"{kind}-ark.der"]
        arguments = ["--snp-report", report or f"{kind}-report.bin", "--crl", f"{kind}-crl.der",
                     "--measurement", parts.snp_measurement(content), "--trust-simulated", f"{kind}-ark.der", "--at", NOW]
        for cert in certs:
            arguments += ["--certs", cert]
        if data is not None:
            arguments += ["--report-data", data]
        return arguments

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
            "base64url": base64.urlsafe_b64encode(raw).rstrip(b"="), "padded base64url": base64.urlsafe_b64encode(raw),
            "unpadded base64": base64.b64encode(raw).rstrip(b"="), "a JSON string": json.dumps(hexadecimal).encode() + b"\n",
            "behind a byte order mark": b"\xef\xbb\xbf" + base64.b64encode(raw),
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
            "DER, one behind the other": [vek + ask + ark],
            "CRLF, byte order mark": [b"\xef\xbb\xbf" + (parts.pem(vek) + parts.pem(ask) + parts.pem(ark)).replace(b"\n", b"\r\n")],
            "URL-encoded": [urllib.parse.quote(parts.pem(vek)).encode(), urllib.parse.quote(parts.pem(ask) + parts.pem(ark), safe="").encode()],
            "Azure's metadata service": [json.dumps({"vcekCert": parts.pem(vek).decode(), "tcbm": "DB18000000000004", "cacheControl": "86400",
                                                     "certificateChain": (parts.pem(ask) + parts.pem(ark)).decode()}).encode()],
        }
        for name, files in forms.items():
            with self.subTest(form=name):
                certs = [parts.write(f"form{i}", content) for i, content in enumerate(files)]
                self.assert_accepted(self.verify(*self.base(certs=certs)))
        for ending, form in (("pem", parts.pem), ("der", bytes)): # as snpguest fills a directory
            with self.subTest(directory=ending):
                directory = parts.directory(f"certs-{ending}", {f"{n}.{ending}": form(d) for n, d in (("ark", ark), ("ask", ask), ("vcek", vek))})
                self.assert_accepted(self.verify(*self.base(certs=[directory])))
        result = self.verify(*self.base(certs=[parts.directory("certs-none", {"x.pem": parts.pem(vek)})]))
        self.assertEqual(result.returncode, USAGE)
        self.assertIn(b"certs-none: a directory without ark", result.stderr)
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


class Tdx(Case):
    def base(self, kind="tdx5", quote=None, collateral=None, data="d0" * 64):
        arguments = ["--tdx-quote", quote or f"{kind}-quote.bin", "--measurement", parts.mrtd(parts.read(f"{kind}-quote.bin")),
                     "--rtmr", "all:any", "--trust-simulated", f"{kind}-root.der", "--at", NOW]
        for file in collateral or [f"{kind}-collateral.json"]:
            arguments += ["--collateral", file]
        if data is not None:
            arguments += ["--report-data", data]
        return arguments

    def test_both_versions_are_accepted(self):
        for kind in ("tdx4", "tdx5"):
            with self.subTest(kind=kind):
                result = self.verify(*self.base(kind))
                self.assert_accepted(result)
                claims = parts.verdict(result)["claims"]
                self.assertEqual(claims["tdx"]["body"], "1.5" if kind == "tdx5" else "1.0")
                self.assertIsNone(claims["snp"])

    def test_every_wrapping_of_the_quote(self):
        raw = parts.read("tdx5-quote.bin")
        get_quote = (1).to_bytes(8, "little") + bytes(8) + (1024).to_bytes(4, "little") + len(raw).to_bytes(4, "little")
        wrappings = {"padded": raw + bytes(70), "hex": raw.hex().encode(), "base64": base64.encodebytes(raw),
                     "base64url": base64.urlsafe_b64encode(raw).rstrip(b"="), "GetQuote": get_quote + raw + bytes(100),
                     "GetQuote in hex": (get_quote + raw).hex().encode()}
        for name, content in wrappings.items():
            with self.subTest(wrapping=name):
                self.assert_accepted(self.verify(*self.base(quote=parts.write("wrapped", content))))

    def test_collateral_as_the_service_answers(self):
        chain = parts.write("issuer.pem", parts.pem(parts.read("tdx5-signer.der")) + parts.pem(parts.read("tdx5-root.der")))
        files = ["tdx5-tcb_info.json", "tdx5-qe_identity.json", chain, "tdx5-root_crl.der", "tdx5-pck_crl.der"]
        self.assert_accepted(self.verify(*self.base(collateral=files)))
        hexadecimal = parts.write("crl.hex", parts.read("tdx5-root_crl.der").hex().encode())
        files[3] = hexadecimal
        files[4] = parts.write("crl.pem", parts.pem(parts.read("tdx5-pck_crl.der"), "X509 CRL"))
        self.assert_accepted(self.verify(*self.base(collateral=files)))
        for i, (missing, check) in enumerate((("TCB info", "tdx.tcb_info.form"), ("identity", "tdx.qe_identity.form"),
                                              ("chain", "tdx.tcb_info.signer"), ("root", "tdx.root_crl"),
                                              ("PCK", "tdx.pck_crl"))):
            with self.subTest(missing=missing):
                result = self.verify(*self.base(collateral=files[:i] + files[i + 1 :]))
                self.assertEqual(result.returncode, REFUSED)
                self.assertLessEqual({"file.tdx.collateral", check}, parts.failed(result))
        # A chain with each answer, as headers carry them; the PCK's is in the quote, too.
        quote = parts.read("tdx5-quote.bin")
        pck = parts.write("pck.pem", quote[quote.index(b"-----BEGIN") : quote.rindex(b"-----END CERTIFICATE-----") + 26])
        header = b"HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain: " + urllib.parse.quote(parts.read("issuer.pem"), safe="").encode() + b"\r\nDate: x%\r\n"
        self.assert_accepted(self.verify(*self.base(collateral=files + [chain, pck])))
        self.assert_accepted(self.verify(*self.base(collateral=files[:2] + [parts.write("headers", header)] + files[3:])))
        everything = b"root:\n" + parts.pem(parts.read("tdx5-root_crl.der"), "X509 CRL") + parts.read("crl.pem") + b"signer:\n" + parts.read("issuer.pem")
        self.assert_accepted(self.verify(*self.base(collateral=files[:2] + [parts.write("everything.pem", everything)])))
        marked = [parts.write(f"marked{i}", b"\xef\xbb\xbf" + parts.read(file)) for i, file in enumerate(files[:3])]
        self.assert_accepted(self.verify(*self.base(collateral=marked + files[3:])))
        document = json.loads(parts.read("tdx5-collateral.json"))
        document.update(pck_certificate_chain=parts.read("pck.pem").decode() + "\0", tee_type=129)
        self.assert_accepted(self.verify(*self.base(collateral=[parts.write("nul.json", json.dumps(document).encode())])))
        twice = self.verify(*self.base(collateral=files + ["tdx5-root_crl.der"]))
        self.assertIn("file.tdx.collateral", parts.failed(twice))

    def test_report_data(self):
        self.assert_refused_by(self.verify(*self.base(data="00")), "tdx.report_data")
        self.assert_refused_by(self.verify(*self.base(data=None)), "tdx.report_data")
        result = self.verify(*self.base(data="any"))
        self.assert_accepted(result)
        self.assertIn("tdx.report_data.any", [check["name"] for check in parts.verdict(result)["checks"]])

    def test_damage_is_refused(self):
        raw = bytearray(parts.read("tdx5-quote.bin"))
        raw[54 + 120] ^= 1  # TDATTRIBUTES.DEBUG
        result = self.verify(*self.base(quote=parts.write("damaged", bytes(raw))))
        self.assertLessEqual({"tdx.td.debug", "tdx.quote.signature"}, parts.failed(result))
        for content in (b"", bytes(raw[:-200]), b"\0" * 5000, b"zz", os.urandom(5000)):
            result = self.verify(*self.base(quote=parts.write("damaged", content)))
            self.assertEqual(result.returncode, REFUSED)
            self.assertTrue(parts.failed(result) & {"tdx.quote.version", "tdx.quote.form"})


def serialized(values, bits, bank=0x0B, banks=1):
    """As tpm2_quote -o writes them: structures of its library, little endian."""
    lists = [values[i : i + 8] for i in range(0, len(values), 8)]
    out = banks.to_bytes(4, "little") + bank.to_bytes(2, "little") + b"\3" + bits.to_bytes(4, "little") + bytes(1 + 15 * 8)
    out += len(lists).to_bytes(4, "little")
    for values_of_list in lists:
        slots = [(32).to_bytes(2, "little") + value + bytes(32) for value in values_of_list]
        out += len(slots).to_bytes(4, "little") + b"".join(slots) + bytes(66 * (8 - len(slots)))
    return out


class Vtpm(Case):
    """A TPM of Azure's kind over either hardware; PCRs 0, 4, 7 and 11, the log explains all but 11."""

    PCRS = (0, 4, 7, 11)

    def policy(self, kind, **more):
        values = parts.read(f"vtpm_{kind}-pcrs.bin")
        at = {pcr: values[32 * i : 32 * i + 32].hex() for i, pcr in enumerate(self.PCRS)}
        vtpm = {"pcrs": [f"pcr{pcr}" for pcr in self.PCRS], "pcrs_outside_log": ["pcr11"],
                "pcr_values": {"pcr4": [at[4]], "pcr11": [at[11]]}, **more.pop("vtpm", {})}
        return parts.write("vtpm_policy.json", json.dumps({"version": 1, "vtpm": vtpm, **more}).encode())

    def base(self, kind="snp", nonce="4e" * 32, policy=None, without=(), **files):
        """files: what takes the place of hcl_report, tpm_quote, ...; without: options that are left out."""
        def at(name):
            return files.get(name.split(".")[0], f"vtpm_{kind}-{name}")
        names = {"--hcl-report": "hcl_report.bin", "--tpm-quote": "tpm_quote.bin", "--tpm-signature": "signature.bin",
                 "--pcrs": "pcrs.bin", "--event-log": "event_log.bin"}
        roots = b"".join(parts.pem(parts.read(f"vtpm_{kind}-{name}.der")) for name in (("ark" if kind == "snp" else "root"), "ak2"))
        options = [(option, at(name)) for option, name in names.items()]
        options += [("--ak-cert", at(f"ak{i}.der")) for i in range(3)]
        if kind == "snp":
            report = parts.read("vtpm_snp-report.bin")
            options += [("--certs", at(f"{name}.der")) for name in ("vek", "ask", "ark")]
            options += [("--crl", at("crl.der")), ("--measurement", parts.snp_measurement(report))]
        else:
            options += [("--tdx-quote", at("quote.bin")), ("--collateral", at("collateral.json")),
                        ("--measurement", parts.mrtd(parts.read("vtpm_tdx-quote.bin"))), ("--rtmr", "all:any")]
        options += [("--policy", policy or self.policy(kind)), ("--at", NOW), ("--nonce", nonce),
                    ("--trust-simulated", parts.write("vtpm_roots.pem", roots))]
        return [word for option in options if option[0] not in without for word in option]

    def check(self, result, name):
        return next(check for check in parts.verdict(result)["checks"] if check["name"] == name)

    def test_both_kinds_of_hardware_are_accepted(self):
        for kind, platform in (("snp", "SIMULATED AMD SEV-SNP"), ("tdx", "SIMULATED Intel TDX")):
            with self.subTest(kind=kind):
                result = self.verify(*self.base(kind))
                self.assert_accepted(result)
                verdict = parts.verdict(result)
                self.assertEqual(verdict["platform"], platform)
                self.assertIsNotNone(verdict["claims"]["vtpm"])
                self.assertFalse(verdict["claims"]["fresh"])
                names = [check["name"] for check in verdict["checks"]]
                self.assertEqual(len(names), len(set(names)))
                self.assertIn("vtpm.nonce", names)
                self.assertIn("snp.report.signature" if kind == "snp" else "tdx.quote.signature", names)

    def test_every_form_of_the_files(self):
        forms = {}
        for name in ("hcl_report", "tpm_quote", "signature", "pcrs", "event_log"):
            raw = parts.read(f"vtpm_snp-{name}.bin")
            forms[f"{name} in hex"] = {name: raw.hex().encode()}
            forms[f"{name} in base64"] = {name: base64.encodebytes(raw)}
        quote, signature = parts.read("vtpm_snp-tpm_quote.bin"), parts.read("vtpm_snp-signature.bin")
        values = parts.read("vtpm_snp-pcrs.bin")
        values = [values[i : i + 32] for i in range(0, 128, 32)]
        bits = sum(1 << pcr for pcr in self.PCRS)
        forms["TPM2B_ATTEST"] = {"tpm_quote": len(quote).to_bytes(2, "big") + quote}
        forms["a bare signature"] = {"signature": signature[6:]}
        forms["what tpm2_quote -o writes"] = {"pcrs": serialized(values, bits)}
        certs = [parts.read(f"vtpm_snp-ak{i}.der") for i in range(3)]
        forms["as large as the index"] = {"ak0": certs[0] + bytes(4096 - len(certs[0]))}
        for name, files in forms.items():
            with self.subTest(form=name):
                files = {part: parts.write(f"form_{part}", content) for part, content in files.items()}
                self.assert_accepted(self.verify(*self.base(**files)))
        chain = parts.write("ak_chain.pem", b"of the key\n" + b"".join(parts.pem(der) for der in certs))
        self.assert_accepted(self.verify(*self.base(without=["--ak-cert"]), "--ak-cert", chain))

    def test_what_is_missing_fails_by_its_row(self):
        for option, rows in (("--tpm-quote", {"file.vtpm.quote", "vtpm.quote.magic"}), ("--tpm-signature", {"file.vtpm.signature", "vtpm.signature.form"}),
                             ("--pcrs", {"file.vtpm.pcrs", "vtpm.pcr.values"}), ("--nonce", {"vtpm.nonce"}),
                             ("--certs", {"file.snp.certificates", "snp.chain.form"}), ("--crl", {"snp.crl.present"})):
            with self.subTest(option=option):
                result = self.verify(*self.base(without=[option]))
                self.assertEqual(result.returncode, REFUSED)
                self.assertLessEqual(rows, parts.failed(result))
        self.assert_refused_by(self.verify(*self.base(without=["--nonce"])), "vtpm.nonce")
        result = self.verify(*self.base("tdx", without=["--tdx-quote"]))
        self.assertEqual(result.returncode, REFUSED)
        self.assertLessEqual({"file.tdx.quote", "vtpm.td_report.quote", "tdx.quote.version"}, parts.failed(result))
        result = self.verify(*self.base("tdx", without=["--collateral"]))
        self.assertIn("file.tdx.collateral", parts.failed(result))

    def test_log_and_certificates_may_be_missing_as_the_policy_says(self):
        without = ["--event-log", "--ak-cert"]
        self.assert_accepted(self.verify(*self.base(without=without)))
        strict = self.policy("snp", vtpm={"require_event_log": True, "require_ak_certificate": True})
        result = self.verify(*self.base(without=without, policy=strict))
        self.assertEqual(result.returncode, REFUSED)
        self.assertLessEqual({"vtpm.event_log", "vtpm.ak_certificate.form"}, parts.failed(result))
        self.assert_accepted(self.verify(*self.base(policy=strict)))

    def test_the_challenge(self):
        for other in ("4f" * 32, "4e" * 31, "4e" * 33):
            with self.subTest(nonce=other):
                self.assert_refused_by(self.verify(*self.base(nonce=other)), "vtpm.nonce")
        result = self.verify(*self.base(nonce="any"))
        self.assert_accepted(result)
        names = {check["name"]: check for check in parts.verdict(result)["checks"]}
        self.assertNotIn("vtpm.nonce", names)
        self.assertIn("not compared", names["vtpm.nonce.any"]["text"])
        self.assertIn("not compared: 4e4e", names["vtpm.nonce.any"]["saw"])
        broken = parts.write("broken", parts.read("vtpm_snp-tpm_quote.bin")[:-1])
        self.assertIn("vtpm.nonce.any", parts.failed(self.verify(*self.base(nonce="any", tpm_quote=broken))))
        for wrong in ("", "4", "xy", "4e" * 65, "ANY"):
            with self.subTest(nonce=wrong):
                self.assertEqual(self.verify(*self.base(nonce=wrong)).returncode, USAGE)

    def test_the_policy_decides(self):
        for vtpm, row in (({"pcrs": ["pcr4"]}, "vtpm.pcr.selection"), ({"pcr_values": {"pcr4": ["00" * 32]}}, "vtpm.pcr.references"),
                          ({"pcrs_outside_log": []}, "vtpm.event_log"), ({"reset_count": 4}, "vtpm.clock.reset"),
                          ({"switches": {"secure_boot": "forbid"}}, "vtpm.config.secure_boot"),
                          ({"user_data": "00" * 64}, "vtpm.user_data")):
            with self.subTest(vtpm=vtpm):
                policy = self.policy("snp", vtpm=vtpm)
                self.assert_refused_by(self.verify(*self.base(policy=policy)), row)
        self.assert_accepted(self.verify(*self.base(policy=self.policy("snp", vtpm={"reset_count": 3}))))
        # Of the hardware, too.
        self.assert_refused_by(self.verify(*self.base(policy=self.policy("snp", snp={"vmpl": 1}))), "snp.vmpl")
        result = self.verify(*self.base(policy=self.policy("snp", platforms=["tdx"])))
        self.assertEqual(result.returncode, REFUSED)
        self.assertLessEqual({"file.platform", "vtpm.hcl.kind"}, parts.failed(result))

    def test_without_a_policy_no_quote_is_accepted(self):
        result = self.verify(*self.base(without=["--policy"]))
        self.assertEqual(result.returncode, REFUSED)
        self.assertLessEqual({"vtpm.pcr.selection", "vtpm.pcr.references"}, parts.failed(result))

    def test_an_untrusted_root_of_the_key(self):
        ark = parts.write("ark.pem", parts.pem(parts.read("vtpm_snp-ark.der")))
        self.assert_refused_by(self.verify(*self.base(without=["--trust-simulated"]), "--trust-simulated", ark), "vtpm.ak_certificate.root")

    def test_damage_is_refused_by_the_right_check(self):
        for name, at, row in (("hcl_report", 0x4D4 + 20, "vtpm.hcl.binding"), ("hcl_report", 0x20 + 0x90, "snp.report.signature"),
                              ("hcl_report", 0, "vtpm.hcl.form"), ("tpm_quote", 0, "vtpm.quote.magic"), ("tpm_quote", 60, "vtpm.signature"),
                              ("signature", 100, "vtpm.signature"), ("pcrs", 40, "vtpm.pcr.digest"), ("ak0", -1, "vtpm.ak_certificate.chain")):
            with self.subTest(name=name, at=at):
                original = f"vtpm_snp-{name}.{'der' if name == 'ak0' else 'bin'}"
                damaged = bytearray(parts.read(original))
                damaged[at] ^= 1
                result = self.verify(*self.base(**{name: parts.write("damaged", bytes(damaged))}))
                self.assertEqual(result.returncode, REFUSED)
                self.assertIn(row, parts.failed(result))
        for content in (b"", b"x", b"abc", os.urandom(3000), b"\0" * 1200, b"{}"):
            for name, row in (("hcl_report", "vtpm.hcl.form"), ("tpm_quote", "vtpm.quote.magic"), ("signature", "vtpm.signature.form"),
                              ("pcrs", "vtpm.pcr.values"), ("event_log", "vtpm.event_log")):
                if name == "event_log" and content == b"":
                    continue
                with self.subTest(name=name, content=content[:10]):
                    result = self.verify(*self.base(**{name: parts.write("damaged", content)}))
                    self.assertEqual(result.returncode, REFUSED)
                    self.assertIn(row, parts.failed(result))

    def test_values_of_another_bank_or_number(self):
        values = parts.read("vtpm_snp-pcrs.bin")
        values = [values[i : i + 32] for i in range(0, 128, 32)]
        bits = sum(1 << pcr for pcr in self.PCRS)
        for content in (serialized(values, bits, bank=0x0C), serialized(values, bits, banks=2), serialized(values, bits | 2),
                        serialized(values[:3], bits), serialized(values, bits) + b"x", serialized(values, bits)[:-1],
                        serialized(values * 7, bits), serialized(values, 1 << 24)):
            result = self.verify(*self.base(pcrs=parts.write("other", content)))
            self.assertEqual(result.returncode, REFUSED)
            self.assertLessEqual({"file.vtpm.pcrs", "vtpm.pcr.values"}, parts.failed(result))

    def test_certificates_that_cannot_be_read(self):
        for content in (b"", b"x", b"-----BEGIN CERTIFICATE-----\n", parts.pem(b"0", "X509 CRL"),
                        b"".join(parts.pem(parts.read("vtpm_snp-ak0.der")) for _ in range(5))):
            with self.subTest(content=content[:30]):
                result = self.verify(*self.base(without=["--ak-cert"]), "--ak-cert", parts.write("other", content))
                self.assertEqual(result.returncode, REFUSED)
                self.assertTrue(parts.failed(result) & {"file.vtpm.ak_certificates", "vtpm.ak_certificate.form"})

    def test_a_td_quote_beside_an_snp_report(self):
        result = self.verify(*self.base(), "--tdx-quote", "vtpm_tdx-quote.bin")
        self.assert_refused_by(result, "file.tdx.quote")

    def test_a_directory_that_was_fetched(self):
        directory = os.path.join(parts.made, "empty_directory")
        os.makedirs(directory, exist_ok=True)
        self.assert_accepted(self.verify(*self.base(), "--collateral", directory))
        result = self.verify(*self.base("tdx", without=["--collateral"]), "--collateral", directory)
        self.assertIn("file.tdx.collateral", parts.failed(result))

    def test_usage(self):
        for arguments in (["--tpm-quote", "a"], ["--snp-report", "genoa-report.bin", "--nonce", "00"], ["bundle", "--pcrs", "a"],
                          ["--hcl-report", "a", "--report-data", "00"], ["--hcl-report", "a", "--snp-report", "b"], ["--hcl-report", "a", "bundle"],
                          ["--tdx-quote", "a", "--ak-cert", "b"], ["bundle", "--event-log", "a"], ["bundle", "--tpm-signature", "a"]):
            with self.subTest(arguments=arguments):
                result = parts.run("verify", *arguments)
                self.assertEqual(result.returncode, USAGE)
                self.assertEqual(result.stdout, b"")
        for option in ("hcl_report", "tpm_quote", "signature", "pcrs", "event_log", "ak1"):
            with self.subTest(option=option):
                result = parts.run("verify", *self.base(**{option: "no-such-file"}))
                self.assertEqual(result.returncode, USAGE)
                self.assertIn(b"no-such-file", result.stderr)


class Gpu(Case):
    """Sound GPUs of a simulator's: nonce d0d0..., two documents, six OCSP responses."""

    def base(self, kind="hopper", nonce="d0" * 32, **changed):
        files = {"gpu-report": [f"{kind}-report.bin"], "gpu-certs": [f"{kind}-chain.pem"],
                 "rim": [f"{kind}-driver.xml", f"{kind}-vbios.xml"], "ocsp": [f"{kind}-ocsp{i}.der" for i in range(6)]}
        files.update({name.replace("_", "-"): value for name, value in changed.items()})
        arguments = ["--trust-simulated", f"{kind}-roots.pem", "--at", NOW]
        for name, values in files.items():
            for value in values:
                arguments += [f"--{name}", value]
        return arguments + (["--nonce", nonce] if nonce is not None else [])

    def two(self, **changed):
        return self.base(**{"gpu_report": ["hopper-report.bin", "hopper2-report.bin"], "gpu_certs": ["hopper-chain.pem", "hopper2-chain.pem"],
                            "ocsp": [f"hopper-ocsp{i}.der" for i in range(6)] + ["hopper2-ocsp0.der"], **changed})

    def policy(self, **gpu):
        return ["--policy", parts.write("gpu-policy.json", json.dumps({"version": 1, "gpu": gpu}).encode())]

    def answer(self, file, name):
        content = {"id": name, "rim": base64.b64encode(parts.read(file)).decode(), "sha256": "00", "last_updated": "x", "rim_format": "x"}
        return parts.write(f"{file}.json", json.dumps(content).encode())

    def row(self, result, name):
        return next(check for check in parts.verdict(result)["checks"] if check["name"] == name)

    def test_both_generations_are_accepted(self):
        for kind, architecture, chip in (("hopper", "Hopper", "GH100"), ("blackwell", "Blackwell", "GB100")):
            with self.subTest(kind=kind):
                result = self.verify(*self.base(kind))
                self.assert_accepted(result)
                document = parts.verdict(result)
                self.assertEqual(document["platform"], "SIMULATED NVIDIA GPU")
                self.assertTrue(document["simulated"])
                self.assertFalse(document["claims"]["fresh"])
                claims = document["claims"]["gpu"]
                self.assertEqual(claims["nonce"], "d0" * 32)
                self.assertTrue(claims["revocation_checked"])
                self.assertEqual([(g["architecture"], g["chip"], g["driver"]) for g in claims["gpus"]], [(architecture, chip, "580.95.05")])

    def test_the_summary_says_which_gpus_and_whether_an_inventory_was_checked(self):
        text = parts.run("verify", *self.two()).stdout.decode()
        for line in ("(SIMULATED NVIDIA GPU).", "GPU 1: Hopper, driver 580.95.05, VBIOS 96.00.9F.00.01, SPT.", "GPU 2: Hopper, driver",
                     "Inventory of GPUs: not checked", "Revocation of the GPUs' certificates: asked of each."):
            self.assertIn(line, text)
        self.assertTrue(text.startswith("SIMULATED") and text.rstrip().split("\n")[-1].startswith("SIMULATED"))
        policy = self.policy(serials=["1000"])
        text = parts.run("verify", *self.base(), *policy).stdout.decode()
        self.assertIn("Inventory of GPUs: checked.", text)
        self.assert_refused_by(self.verify(*self.base(), *self.policy(serials=["77"])), "nvgpu.inventory")
        self.assertIn("GPU 1 says of itself: Hopper", parts.run("verify", *self.base(), *self.policy(serials=["77"])).stdout.decode())

    def test_several_gpus_in_the_same_order(self):
        result = self.verify(*self.two())
        self.assert_accepted(result)
        self.assertEqual(len(parts.verdict(result)["claims"]["gpu"]["gpus"]), 2)
        self.assert_refused_by(self.verify(*self.two(gpu_certs=["hopper2-chain.pem", "hopper-chain.pem"])), "nvgpu.report.signature")
        self.assert_refused_by(self.verify(*self.two(gpu_report=["hopper-report.bin"] * 2, gpu_certs=["hopper-chain.pem"] * 2)), "nvgpu.distinct")
        self.assert_refused_by(self.verify(*self.two(), *self.policy(count=1)), "nvgpu.count")
        result = self.verify(*self.two(gpu_certs=["hopper-chain.pem"]))
        self.assertLessEqual({"file.gpu.certificates", "nvgpu.chain.form"}, parts.failed(result))
        self.assertEqual(self.row(result, "file.gpu.certificates")["saw"], "1 for 2 reports")
        self.assert_refused_by(self.verify(*self.base(gpu_certs=["hopper-chain.pem", "hopper2-chain.pem"])), "file.gpu.certificates")
        result = self.verify(*self.base(gpu_report=["hopper-report.bin"] * 17, gpu_certs=["hopper-chain.pem"] * 17))
        self.assertIn("nvgpu.count", parts.failed(result))

    def test_every_form_of_each_file(self):
        forms = {"gpu-report": "hopper-report.bin", "gpu-certs": "hopper-chain.pem"}
        for option, name in forms.items():
            raw = parts.read(name)
            for encoded in (raw.hex().encode(), b"0x" + raw.hex().upper().encode() + b"\n", base64.b64encode(raw), base64.encodebytes(raw)):
                with self.subTest(option=option, text=encoded[:8]):
                    self.assert_accepted(self.verify(*self.base(**{option.replace("-", "_"): [parts.write("form", encoded)]})))
        self.assert_accepted(self.verify(*self.base(gpu_certs=["hopper-chain.der"])))
        texts = [parts.write(f"rim{i}", base64.encodebytes(parts.read(f"hopper-{n}.xml"))) for i, n in enumerate(("driver", "vbios"))]
        self.assert_accepted(self.verify(*self.base(rim=texts)))
        responses = [parts.read(f"hopper-ocsp{i}.der") for i in range(6)]
        pem = parts.write("ocsp.pem", b"".join(parts.pem(der, "OCSP RESPONSE") for der in responses))
        self.assert_accepted(self.verify(*self.base(ocsp=[pem])))
        encoded = [parts.write(f"ocsp{i}", base64.b64encode(der)) for i, der in enumerate(responses)]
        self.assert_accepted(self.verify(*self.base(ocsp=encoded)))
        self.assert_accepted(self.verify(*self.base(ocsp=[parts.write("ocsp.pem.base64", base64.b64encode(parts.read("ocsp.pem")))])))

    def test_what_nvidias_sdk_collects_has_reports_and_certificates(self):
        def one(kind):
            return {"arch": "HOPPER", "certificate": base64.b64encode(parts.read(f"{kind}-chain.pem")).decode(), "version": "1.0",
                    "evidence": base64.b64encode(parts.read(f"{kind}-report.bin")).decode(), "nonce": "d0" * 32}
        for document in ([one("hopper")], one("hopper"), {"nonce": "d0" * 32, "arch": "HOPPER", "evidence_list": [one("hopper")]}):
            path = parts.write("collected.json", json.dumps(document).encode())
            self.assert_accepted(self.verify(*self.base(gpu_report=[path], gpu_certs=[])))
            self.assert_refused_by(self.verify(*self.base(gpu_report=[path], gpu_certs=[], nonce="00" * 32)), "nvgpu.report.nonce")
        both = parts.write("collected2.json", json.dumps([one("hopper"), one("hopper2")], indent=2).encode())
        result = self.verify(*self.two(gpu_report=[both], gpu_certs=[]))
        self.assert_accepted(result)
        self.assertEqual(len(parts.verdict(result)["claims"]["gpu"]["gpus"]), 2)
        # Beside files: certificates for these alone, in their order.
        first, second = (parts.write(f"{kind}.json", json.dumps([one(kind)]).encode()) for kind in ("hopper", "hopper2"))
        self.assert_accepted(self.verify(*self.two(gpu_report=[first, "hopper2-report.bin"], gpu_certs=["hopper2-chain.pem"])))
        self.assert_accepted(self.verify(*self.two(gpu_report=["hopper-report.bin", second], gpu_certs=["hopper-chain.pem"])))
        self.assert_refused_by(self.verify(*self.base(gpu_report=[first])), "file.gpu.certificates")
        for wrong in (b"[]", b"[{}]", b"{", b'[{"evidence": "x", "certificate": "x"}]'):
            result = self.verify(*self.base(gpu_report=[parts.write("wrong.json", wrong)]))
            self.assertLessEqual({"file.gpu.report", "nvgpu.report.form"}, parts.failed(result))
            self.assertIn("wrong.json: ", self.row(result, "file.gpu.report")["saw"])

    def test_the_answers_of_nvidias_service_name_their_documents(self):
        driver, vbios = "NV_GPU_DRIVER_GH100_580.95.05", "NV_GPU_VBIOS_1010_0200_882_96009F0001"
        rims = [self.answer("hopper-driver.xml", driver), self.answer("hopper-vbios.xml", vbios)]
        result = self.verify(*self.base(rim=rims))
        self.assert_accepted(result)
        self.assertEqual(self.row(result, "nvgpu.vbios.rim_id")["saw"], "as it should be")
        self.assertEqual(self.row(self.verify(*self.base()), "nvgpu.vbios.rim_id")["saw"], "its name is not known")
        rims[1] = self.answer("hopper-vbios.xml", "NV_GPU_VBIOS_1010_0205_882_96009F0001")
        self.assert_refused_by(self.verify(*self.base(rim=rims)), "nvgpu.vbios.rim_id")
        rims = [self.answer("hopper-driver.xml", driver[:-1] + "6"), "hopper-vbios.xml"]
        self.assert_refused_by(self.verify(*self.base(rim=rims)), "nvgpu.driver.rim_id")
        for wrong in (b'{"id": "x", "rim": "?"}', b'{"id": "x"}', b'{"rim": "AAAA"}', b'{"id": "x", "rim": ', b'{"id": "x", "rim": "AAAA"}'):
            result = self.verify(*self.base(rim=[parts.write("answer.json", wrong), "hopper-vbios.xml"]))
            self.assertIn("nvgpu.rim.form", parts.failed(result))
            if b"AAAA\"}" not in wrong or b"id" not in wrong:
                self.assertIn("answer.json: ", self.row(result, "file.gpu.rim")["saw"])

    def test_the_nonce(self):
        self.assert_refused_by(self.verify(*self.base(nonce="00" * 32)), "nvgpu.report.nonce")
        self.assert_refused_by(self.verify(*self.base(nonce=None)), "nvgpu.report.nonce")
        result = self.verify(*self.base(nonce="any"))
        self.assert_accepted(result)
        names = {check["name"]: check for check in parts.verdict(result)["checks"]}
        self.assertNotIn("nvgpu.report.nonce", names)
        self.assertIn("not compared", names["nvgpu.report.nonce.any"]["text"])
        self.assertIn("not compared", names["nvgpu.report.nonce.any"]["saw"])
        self.assert_accepted(self.verify(*self.two(nonce="any")))
        for wrong in ("", "d0", "d0" * 33, "xy" * 32, "ANY"):
            with self.subTest(nonce=wrong):
                result = self.verify(*self.base(nonce=wrong))
                self.assertEqual(result.returncode, USAGE)
                self.assertIn(b"--nonce", result.stderr)

    def test_missing_responses_are_waived_by_the_policy_alone(self):
        self.assert_refused_by(self.verify(*self.base(ocsp=[])), "nvgpu.chain.not_revoked", "nvgpu.rim.not_revoked")
        for i in range(6):
            ocsp = [f"hopper-ocsp{k}.der" for k in range(6) if k != i]
            self.assert_refused_by(self.verify(*self.base(ocsp=ocsp)), "nvgpu.chain.not_revoked" if i < 3 else "nvgpu.rim.not_revoked")
        result = self.verify(*self.base(ocsp=[]), *self.policy(allow_missing_ocsp=True))
        self.assert_accepted(result)
        self.assertFalse(parts.verdict(result)["claims"]["gpu"]["revocation_checked"])
        self.assertIn("your policy allows", self.row(result, "nvgpu.chain.not_revoked")["saw"])
        text = parts.run("verify", *self.base(ocsp=[]), *self.policy(allow_missing_ocsp=True)).stdout.decode()
        self.assertIn("Revocation of the GPUs' certificates: not asked of each.", text)

    def test_damage_is_refused_by_the_right_check(self):
        revoked = ["hopper-wrong-revoked.der"] + [f"hopper-ocsp{i}.der" for i in range(1, 6)]
        self.assert_refused_by(self.verify(*self.base(ocsp=revoked)), "nvgpu.chain.not_revoked")
        self.assert_refused_by(self.verify(*self.base(gpu_report=["hopper-wrong-report.bin"])), "nvgpu.measurements.driver",
                               "nvgpu.measurements.vbios")
        raw = parts.read("hopper-report.bin")
        rows = ((6, {"nvgpu.report.nonce", "nvgpu.report.signature"}), (len(raw) - 1, {"nvgpu.report.signature"}),
                (45 + 7 + 55, {"nvgpu.measurements.vbios", "nvgpu.report.signature"}))
        for at, names in rows:
            damaged = bytearray(raw)
            damaged[at] ^= 1
            self.assert_refused_by(self.verify(*self.base(gpu_report=[parts.write("damaged", bytes(damaged))])), *names)
        for content in (b"", raw[:-1], raw + b"x", bytes(4000), b"{}", os.urandom(3000)):
            result = self.verify(*self.base(gpu_report=[parts.write("damaged", content)]))
            self.assertIn("nvgpu.report.form", parts.failed(result))
        result = self.verify(*self.base(gpu_report=[parts.write("odd.hex", b"abc")]))
        self.assertLessEqual({"file.gpu.report", "nvgpu.report.form"}, parts.failed(result))
        self.assertIn("odd.hex", self.row(result, "file.gpu.report")["saw"])
        chain = parts.read("hopper-chain.pem")
        self.assertIn("nvgpu.chain.form", parts.failed(self.verify(*self.base(gpu_certs=[parts.write("damaged", chain[: len(chain) // 2])]))))
        driver = parts.read("hopper-driver.xml")
        self.assert_refused_by(self.verify(*self.base(rim=[parts.write("damaged", driver.replace(b"1f1f1f1f", b"1f1f1f1e", 1)),
                                                           "hopper-vbios.xml"])), "nvgpu.rim.digest", "nvgpu.measurements.driver")
        self.assertIn("nvgpu.rim.form", parts.failed(self.verify(*self.base(rim=[parts.write("damaged", driver[:-9]), "hopper-vbios.xml"]))))
        self.assertIn("nvgpu.driver.rim", parts.failed(self.verify(*self.base(rim=["hopper-vbios.xml"]))))
        self.assertIn("nvgpu.vbios.rim", parts.failed(self.verify(*self.base(rim=["hopper-driver.xml"]))))
        self.assertIn("nvgpu.rim.form", parts.failed(self.verify(*self.base(rim=[]))))
        ocsp = bytearray(parts.read("hopper-ocsp0.der"))
        ocsp[-1] ^= 1
        rest = [f"hopper-ocsp{i}.der" for i in range(1, 6)]
        self.assert_refused_by(self.verify(*self.base(ocsp=[parts.write("damaged", bytes(ocsp)), *rest])), "nvgpu.chain.not_revoked")
        pem = parts.write("none.pem", parts.pem(b"\x30\x00"))
        result = self.verify(*self.base(ocsp=[pem, *rest]))
        self.assert_refused_by(result, "file.gpu.ocsp", "nvgpu.chain.not_revoked")
        self.assertIn("none.pem: no OCSP response", self.row(result, "file.gpu.ocsp")["saw"])

    def test_another_root_and_another_time(self):
        arguments = ["blackwell-roots.pem" if a == "hopper-roots.pem" else a for a in self.base()]
        self.assert_refused_by(self.verify(*arguments), "nvgpu.chain.root", "nvgpu.rim.root")
        arguments = ["2047-01-01T00:00:00Z" if a == NOW else a for a in self.base()]
        self.assert_refused_by(self.verify(*arguments), "nvgpu.chain.validity", "nvgpu.rim.validity", "nvgpu.chain.not_revoked",
                               "nvgpu.rim.not_revoked")

    def test_the_policy_counts(self):
        for names, gpu in ((["nvgpu.chip"], {"architecture": "blackwell"}), (["nvgpu.driver.version"], {"driver_min": "581"}),
                           (["nvgpu.mode"], {"modes": ["mpt"]}), (["nvgpu.count"], {"count": 2})):
            self.assert_refused_by(self.verify(*self.base(), *self.policy(**gpu)), *names)

    def test_gpus_go_alone(self):
        for more in (["--snp-report", "genoa-report.bin"], ["--tdx-quote", "tdx5-quote.bin"], ["bundle.json"], ["--certs", "genoa-ark.der"],
                     ["--crl", "genoa-crl.der"], ["--collateral", "tdx5-collateral.json"], ["--report-data", "00"],
                     ["--hcl-report", "vtpm_snp-hcl_report.bin"], ["--tpm-quote", "vtpm_snp-tpm_quote.bin"]):
            with self.subTest(more=more):
                result = parts.run("verify", *self.base(), *more)
                self.assertEqual(result.returncode, USAGE)
                self.assertIn(b"--gpu-report", result.stderr)
        for option in ("--gpu-certs", "--rim", "--ocsp", "--nonce"):
            with self.subTest(option=option):
                result = parts.run("verify", *Snp().base(), option, "00" * 32)
                self.assertEqual(result.returncode, USAGE)
                self.assertIn(b"for --gpu-report", result.stderr)
        for name in ("gpu_report", "gpu_certs", "rim", "ocsp"):
            result = parts.run("verify", *self.base(**{name: ["no-such-file"]}))
            self.assertEqual(result.returncode, USAGE)
            self.assertIn(b"no-such-file", result.stderr)


class Usage(Case):
    def test_one_kind_of_evidence_at_a_time(self):
        report, quote = "genoa-report.bin", "tdx5-quote.bin"
        for arguments in ([], ["--snp-report", report, "--tdx-quote", quote], ["bundle.json", "--snp-report", report], ["a", "b"],
                          ["bundle.json", "--certs", "genoa-ark.der"], ["bundle.json", "--report-data", "00"],
                          ["--tdx-quote", quote, "--certs", "genoa-ark.der"], ["--tdx-quote", quote, "--crl", "genoa-crl.der"],
                          ["--snp-report", report, "--measurement", "00"], ["--snp-report"]):
            with self.subTest(arguments=arguments):
                result = parts.run("verify", *arguments)
                self.assertEqual(result.returncode, USAGE)
                self.assertIn(b"enclume verify", result.stderr)
                self.assertEqual(result.stdout, b"")

    def test_files_that_cannot_be_read(self):
        for arguments in (["--snp-report", "no-such-file"], ["--snp-report", "genoa-report.bin", "--certs", "no-such-file"],
                          ["--tdx-quote", "tdx5-quote.bin", "--collateral", "no-such-file"], ["no-such-file"],
                          ["--snp-report", "genoa-report.bin", "--policy", "no-such-file"]):
            with self.subTest(arguments=arguments):
                result = parts.run("verify", *arguments)
                self.assertEqual(result.returncode, USAGE)
                self.assertIn(b"no-such-file", result.stderr)

    def test_every_check_is_documented(self):
        listed = json.loads(parts.run("verify", "--list-checks", "--json").stdout)
        with open(os.path.join(parts.source, "docs/verdict.md"), encoding="utf-8") as f:
            documented = re.findall(r"^\| `([a-z0-9_.]+)` \| (.*) \|$", f.read(), re.M)
        self.assertEqual(documented, [(rule["name"], rule["text"]) for rule in listed])
        self.assertEqual(len({rule["name"] for rule in listed}), len(listed))
        text = parts.run("verify", "--list-checks").stdout.decode()
        for rule in listed:
            self.assertIn(rule["name"], text)
            self.assertIn(rule["why"], text)

    def test_what_a_verdict_shows_is_in_the_list(self):
        listed = {rule["name"]: rule["text"] for rule in json.loads(parts.run("verify", "--list-checks", "--json").stdout)}
        bundle = parts.write("not.json", b"{}")
        for result in (self.verify(*Snp().base()), self.verify(*Tdx().base(data="any")), self.verify(*Gpu().base(nonce="any")),
                       self.verify(bundle), self.verify(*Vtpm().base()), self.verify(*Vtpm().base("tdx", nonce="any"))):
            for check in parts.verdict(result)["checks"]:
                self.assertEqual(listed[check["name"]], check["text"])


SNP_OLD = {"snp.tcb.floor.reported", "snp.tcb.floor.committed", "snp.tcb.floor.launch", "snp.platform.alias_check"}
OUTDATED = "dcap-qvl/tdx_quote_outdated_collateral.json"
TDX_SETS = [
    # quote, collateral (the first has everything; the others take the place of parts of it), time, the checks that refuse it
    ("go-tdx-guest/quote_v5_sample.dat", [OUTDATED, "go-tdx-guest/sample_tcbinfo_response_v5"], "2026-02-25T00:00:00Z", []),
    ("go-tdx-guest/tdx_prod_quote_SPR_E4.dat", [OUTDATED, "go-tdx-guest/sample_tcbInfo_response",
                                                "go-tdx-guest/sample_qeIdentity_response", "go-tdx-guest/pckcrl",
                                                "go-tdx-guest/rootcrl.der"], "2023-07-01T00:00:00Z",
     ["tdx.tcb_info.signer_valid", "tdx.qe_identity.signer_valid", "tdx.tcb.level", "tdx.tcb.status", "tdx.td.sept_ve_disable"]),
    ("dcap-qvl/tdx_quote", ["dcap-qvl/tdx_quote_collateral.json"], "2025-06-25T00:00:00Z", []),
    ("dcap-qvl/quote_hex.txt", ["dcap-qvl/quote_collateral.json"], "2025-09-10T00:00:00Z", []),
    ("dcap-qvl/tdx_quote", ["dcap-qvl/tdx_quote_collateral.json"], "2025-09-10T00:00:00Z",
     ["tdx.pck_crl.current", "tdx.tcb_info.current", "tdx.qe_identity.current"]),
    ("dcap-qvl/quote_hex.txt", ["dcap-qvl/tdx_quote_collateral.json"], "2025-06-25T00:00:00Z",
     ["tdx.pck.validity", "tdx.tcb_info.platform", "tdx.tcb.level", "tdx.tcb.status"]),
    ("dcap-qvl/tdx_quote_outdated", [OUTDATED], "2026-02-25T00:00:00Z",
     ["tdx.tcb.level", "tdx.tcb.status"]),
    ("dcap-qvl/tdx-quote.hex", ["dcap-qvl/tdx_quote_collateral.json"], "2025-06-25T00:00:00Z", ["tdx.tcb.level", "tdx.tcb.status"]),
    ("dcap-qvl/quote-from-tappd.hex", ["dcap-qvl/tdx_quote_collateral.json"], "2025-06-25T00:00:00Z",
     ["tdx.tcb.level", "tdx.tcb.status"]),
]


def merged(paths):
    """The collateral of the first file, with what the others hold in place of its own: a path."""
    with open(paths[0], encoding="utf-8") as f:
        document = json.load(f)
    for path in paths[1:]:
        with open(path, "rb") as f:
            content = f.read()
        answer = re.fullmatch(rb'\s*\{"(tcbInfo|enclaveIdentity)":(.*),"signature":"([0-9a-f]+)"\}\s*', content, re.S)
        if answer:
            name = "tcb_info" if answer[1] == b"tcbInfo" else "qe_identity"
            document[name], document[f"{name}_signature"] = answer[2].decode(), answer[3].decode()
        else:
            document["root_ca_crl" if b"Intel SGX Root CA" in content[:200] else "pck_crl"] = content.hex()
    return parts.write("merged.json", json.dumps(document).encode())


class Real(Case):
    """Other people's evidence, each at its own time, through the command line."""

    def files(self, *names):
        paths = [parts.real(name) for name in names]
        if None in paths:
            self.skipTest(f"no {names[paths.index(None)]}")
        return paths

    def report(self, path):
        with open(path, "rb") as f:
            content = f.read()
        return bytes.fromhex(content.decode()[: 2 * 1184]) if path.endswith(".hex") else content

    def milan(self, report, certs, *more, at="2024-01-01T00:00:00Z"):
        content = self.report(report)
        arguments = ["--snp-report", report, "--measurement", parts.snp_measurement(content), "--at", at,
                     "--report-data", content[0x50 : 0x90].hex()]
        for cert in certs:
            arguments += ["--certs", cert]
        return self.verify(*arguments, *more)

    def relaxed(self, **more):
        """A policy that waives what reports of before 2025 cannot have, and says so by name."""
        snp = {"allow_milan": True, "allow_missing_crl": True, "tcb_floors": [], "platform_info": {"alias_check": "any"}, **more}
        return parts.write("relaxed.json", json.dumps({"version": 1, "snp": snp}).encode())

    def test_milan_of_a_debuggable_guest(self):
        report, *certs = self.files("snp/go-sev-guest/attestation.bin", "snp/go-sev-guest/vcek.testcer", "snp/go-sev-guest/milan.testcer")
        self.assert_refused_by(self.milan(report, certs), "snp.policy.debug", "snp.crl.present", "snp.product.milan", *SNP_OLD)
        self.assert_refused_by(self.milan(report, certs, "--policy", self.relaxed()), "snp.policy.debug")
        policy = self.relaxed(guest_policy={"debug": "any"})
        self.assert_accepted(self.milan(report, certs, "--policy", policy))

    def test_milan_of_before_the_alias_check(self):
        report, *certs = self.files("snp/sev/report_milan.hex", "snp/sev/vcek_milan.der", "snp/sev/cert_chain_milan")
        self.assert_refused_by(self.milan(report, certs), "snp.crl.present", "snp.product.milan", *SNP_OLD)
        self.assert_accepted(self.milan(report, certs, "--policy", self.relaxed()))

    def test_another_chips_certificate(self):
        report, *certs = self.files("snp/sev/report_milan.hex", "snp/go-sev-guest/vcek.testcer", "snp/sev/cert_chain_milan")
        result = self.milan(report, certs, "--policy", self.relaxed())
        self.assert_refused_by(result, "snp.report.signature", "snp.vek.chip_id", "snp.vek.tcb")

    def test_another_products_chain(self):
        report, *certs = self.files("snp/sev/report_milan.hex", "snp/sev/vcek_turin.der", "snp/sev/cert_chain_turin")
        result = self.milan(report, certs, "--policy", self.relaxed())
        self.assertEqual(result.returncode, REFUSED)
        self.assertIn("snp.report.signature", parts.failed(result))
        self.assertNotIn("snp.chain.root", parts.failed(result))

    def test_quotes(self):
        found = 0
        for quote, collateral, at, failures in TDX_SETS:
            paths = [parts.real(f"tdx/{name}") for name in (quote, *collateral)]
            if None in paths:
                continue
            found += 1
            with open(paths[0], "rb") as f:
                content = f.read()
            if quote.endswith((".hex", ".txt")):
                content = bytes.fromhex(content.decode().strip().removeprefix("0x"))
            if quote.endswith("SPR_E4.dat"):
                content = content[:-39]  # text that was put behind it
            arguments = ["--tdx-quote", parts.write("real", content), "--at", at, "--measurement", parts.mrtd(content), "--rtmr", "all:any",
                         "--report-data", content[48 + 520 : 48 + 584].hex() if content[0] == 4 else content[54 + 520 : 54 + 584].hex()]
            arguments += ["--collateral", merged(paths[1:])]
            with self.subTest(quote=quote, at=at):
                result = self.verify(*arguments)
                if failures:
                    self.assert_refused_by(result, *failures)
                else:
                    self.assert_accepted(result)
        if found == 0:
            self.skipTest("no quotes with collateral")

    def test_a_quote_without_collateral_and_one_with_octets_behind_it(self):
        (quote,) = self.files("tdx/go-tdx-guest/tdx_prod_quote_SPR_E4.dat")
        result = self.verify("--tdx-quote", quote, "--report-data", "any", "--at", "2023-07-01T00:00:00Z")
        self.assertEqual(result.returncode, REFUSED)
        self.assertIn("tdx.quote.form", parts.failed(result))
        with open(quote, "rb") as f:
            content = f.read()[:-39]
        result = self.verify("--tdx-quote", parts.write("cut", content), "--report-data", "any", "--at", "2023-07-01T00:00:00Z",
                             "--measurement", parts.mrtd(content), "--rtmr", "all:any")
        self.assertEqual(result.returncode, REFUSED)
        self.assertNotIn("tdx.quote.signature", parts.failed(result))
        self.assertIn("tdx.root_crl", parts.failed(result))

    def test_reports_of_azures_paravisor(self):
        """The files are of three VMs: what belongs together of one is sound, and where one ends and the other begins is refused."""
        folder = "azure/azure-cvm-tooling/"
        snp, tdx, quote, chain = self.files(*(folder + name for name in ("hcl-report-snp.bin", "hcl-report-tdx.bin", "quote.bin", "certs.pem")))
        with open(quote, "rb") as f:
            content = f.read()
        pieces, at = [], 0
        for _ in range(2):
            size = int.from_bytes(content[at : at + 8], "little")
            pieces.append(content[at + 8 : at + 8 + size])
            at += 8 + size
        values = content[at + 8 :]
        signature, attest = pieces
        every = [f"pcr{i}" for i in range(24)]
        vtpm = {"pcrs": every, "pcr_values": {"pcr0": [values[:32].hex()]}}
        with open(snp, "rb") as f:
            report = f.read()[0x20 : 0x20 + 1184]
        relaxed = {"allow_milan": True, "allow_missing_crl": True, "id_keys": [report[0xE0 : 0xE0 + 48].hex()]}
        policy = parts.write("azure.json", json.dumps({"version": 1, "snp": relaxed, "vtpm": vtpm}).encode())
        common = ["--tpm-quote", parts.write("azure_quote", attest), "--tpm-signature", parts.write("azure_signature", signature),
                  "--pcrs", parts.write("azure_pcrs", values), "--nonce", b"challenge".hex(), "--policy", policy, "--at", "2024-01-01T00:00:00Z"]
        result = self.verify("--hcl-report", snp, "--certs", chain, "--measurement", parts.snp_measurement(report), *common)
        self.assert_refused_by(result, "vtpm.signature", "vtpm.config.console", "snp.report.signature", "snp.vek.chip_id", *SNP_OLD)
        result = self.verify("--hcl-report", tdx, *common)
        self.assertEqual(result.returncode, REFUSED)
        self.assertEqual({name for name in parts.failed(result) if name.startswith("vtpm.")},
                         {"vtpm.td_report.quote", "vtpm.signature", "vtpm.config.secure_boot", "vtpm.config.console"})
        self.assertLessEqual({"file.tdx.quote", "file.tdx.collateral", "tdx.quote.version"}, parts.failed(result))

    def test_nvidias_sample_of_a_hopper(self):
        """Genuine; of its driver and VBIOS no reference values are at hand, so all that needs them fails, and nothing else."""
        report, chain, driver, vbios = self.files(*(f"nvidia/nvtrust/{name}" for name in (
            "hopperAttestationReport.txt", "hopperCertChain.txt", "Driver_RIM_test_no_gpu.swidtag", "1010_0200_882_960074001C_PROD.swidtag")))
        policy = parts.write("no-ocsp.json", json.dumps({"version": 1, "gpu": {"allow_missing_ocsp": True}}).encode())
        with open(report, encoding="ascii") as f:
            nonce = f.read()[8 : 8 + 64]
        arguments = ["--gpu-report", report, "--gpu-certs", chain, "--rim", driver, "--rim", vbios, "--at", "2024-09-01T00:00:00Z"]
        missing = {"nvgpu.driver.rim", "nvgpu.vbios.rim"}
        needs = {f"nvgpu.{name}" for name in ("driver.rim_id", "vbios.rim_id", "rim.product", "rim.digest", "rim.signature", "rim.root", "rim.chain",
                                              "rim.validity", "rim.not_revoked", "measurements.conflict", "measurements.any",
                                              "measurements.driver", "measurements.vbios")}
        result = self.verify(*arguments, "--nonce", nonce, "--policy", policy)
        self.assert_refused_by(result, *missing, *needs)
        document = parts.verdict(result)
        self.assertEqual((document["platform"], document["simulated"]), ("NVIDIA GPU", False))
        saw = {check["name"]: check["saw"] for check in document["checks"]}
        self.assertEqual(saw["nvgpu.driver.rim"], "GPU 1: none for the driver 550.90.07")
        self.assertEqual(saw["nvgpu.vbios.rim"], "GPU 1: none for the VBIOS 96.00.9F.00.01")
        self.assertTrue(all(saw[name] == "not checked: there are no reference values" for name in needs))
        self.assert_refused_by(self.verify(*arguments, "--nonce", "any"), *missing, *needs, "nvgpu.chain.not_revoked")
        self.assert_refused_by(self.verify(*arguments, "--nonce", "00" * 32, "--policy", policy), *missing, *needs, "nvgpu.report.nonce")
        arguments[-1] = "2020-01-01T00:00:00Z"
        self.assert_refused_by(self.verify(*arguments, "--nonce", "any", "--policy", policy), *missing, *needs, "nvgpu.chain.validity")

    def test_an_sgx_quote(self):
        quote, collateral = self.files("tdx/dcap-qvl/sgx_quote", "tdx/dcap-qvl/sgx_quote_collateral.json")
        result = self.verify("--tdx-quote", quote, "--collateral", collateral, "--report-data", "any", "--at", "2025-06-25T00:00:00Z")
        self.assertEqual(result.returncode, REFUSED)
        first = next(c["name"] for c in parts.verdict(result)["checks"] if not c["passed"])
        self.assertEqual(first, "tdx.quote.version")


if __name__ == "__main__":
    parts.main(unittest)
