#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume verify of TDX quotes in separate files, run as a person runs it: made-up evidence in every wrapping, and its collateral."""
import base64
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
from parts import REFUSED  # noqa: E402
from verify_cases import TdxCase  # noqa: E402


class Tdx(TdxCase):
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


if __name__ == "__main__":
    parts.main(unittest)
