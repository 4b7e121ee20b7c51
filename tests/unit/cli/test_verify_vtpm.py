#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume verify of a virtual TPM over either hardware, run as a person runs it: made-up evidence in every form."""
import base64
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
from parts import REFUSED, USAGE  # noqa: E402
from verify_cases import VtpmCase  # noqa: E402


def serialized(values, bits, bank=0x0B, banks=1):
    """As tpm2_quote -o writes them: structures of its library, little endian."""
    lists = [values[i : i + 8] for i in range(0, len(values), 8)]
    out = banks.to_bytes(4, "little") + bank.to_bytes(2, "little") + b"\3" + bits.to_bytes(4, "little") + bytes(1 + 15 * 8)
    out += len(lists).to_bytes(4, "little")
    for values_of_list in lists:
        slots = [(32).to_bytes(2, "little") + value + bytes(32) for value in values_of_list]
        out += len(slots).to_bytes(4, "little") + b"".join(slots) + bytes(66 * (8 - len(slots)))
    return out


class Vtpm(VtpmCase):
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


if __name__ == "__main__":
    parts.main(unittest)
