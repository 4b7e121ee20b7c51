#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume inspect, run as a person runs it: every kind of file, its fields, and what is no such file."""
import base64
import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
from parts import USAGE  # noqa: E402

SHOWN = 0


class Inspect(unittest.TestCase):
    def inspect(self, path, code=SHOWN):
        result = parts.run("inspect", path, "--json")
        self.assertEqual(result.returncode, code, (path, result.stderr))
        document = json.loads(result.stdout)
        self.assertIs(document["verified"], False)
        return document

    def fields(self, path):
        return self.inspect(path)["fields"]

    def test_a_report(self):
        raw = parts.read("genoa-report.bin")
        document = self.inspect("genoa-report.bin")
        self.assertEqual(document["what"], "an SEV-SNP attestation report")
        fields = document["fields"]
        self.assertEqual(fields["product"], "Genoa")
        self.assertEqual(fields["MEASUREMENT"], parts.snp_measurement(raw))
        self.assertEqual(fields["CHIP_ID"], raw[0x1a0 : 0x1e0].hex())
        self.assertEqual(fields["VERSION"], "3")
        self.assertEqual(fields["POLICY"]["value"], "0x0000000000030000")
        self.assertEqual(fields["POLICY"]["SMT"], "1")
        self.assertEqual(fields["POLICY"]["DEBUG"], "0")
        self.assertEqual(fields["REPORTED_TCB"]["SNP firmware"], str(raw[0x180 + 6]))
        self.assertEqual(fields["PLATFORM_INFO"]["ALIAS_CHECK_COMPLETE"], "1")
        self.assertEqual(fields["SIGNATURE R"], raw[0x2a0 : 0x2a0 + 48].hex())

    def test_every_field_of_the_report_is_shown(self):
        """Each octet of the report that is turned over shows; what must be zero shows as reserved."""
        raw = parts.read("genoa-report.bin")
        whole = json.dumps(self.fields("genoa-report.bin"))
        for at in range(4, 1184, 13):
            damaged = bytearray(raw)
            damaged[at] ^= 0x40
            result = parts.run("inspect", parts.write("damaged", bytes(damaged)), "--json")
            if result.stdout:
                self.assertNotEqual(json.dumps(json.loads(result.stdout)["fields"]), whole, hex(at))
            else:
                self.assertIn(at, range(0x34, 0x38))  # another signature algorithm: it is no report then

    def test_wrappings(self):
        raw = parts.read("turin-report.bin")
        header = bytes(4) + len(raw).to_bytes(4, "little") + bytes(24)
        table = parts.table({"vcek": parts.read("turin-vek.der"), "ask": parts.read("turin-ask.der"),
                             "ark": parts.read("turin-ark.der")})
        for content in (raw, header + raw, raw + table, header + raw + table, raw.hex().encode(), base64.b64encode(raw)):
            document = self.inspect(parts.write("wrapped", content))
            self.assertEqual(document["what"], "an SEV-SNP attestation report")
            self.assertEqual(document["fields"]["MEASUREMENT"], parts.snp_measurement(raw))
        document = self.inspect(parts.write("wrapped", raw + table))
        self.assertEqual(document["fields"]["certificates"]["VCEK"]["subject"]["CN"], "SEV-VCEK")
        document = self.inspect(parts.write("wrapped", table))
        self.assertEqual(document["what"], "a table of certificates")
        self.assertEqual(document["fields"]["ARK"]["subject"]["CN"], "ARK-Turin")

    def test_quotes(self):
        for kind, form in (("tdx4", "TDX 1.0"), ("tdx5", "TDX 1.5")):
            raw = parts.read(f"{kind}-quote.bin")
            document = self.inspect(f"{kind}-quote.bin")
            self.assertEqual(document["what"], "a TD quote")
            body = document["fields"]["TD Quote Body"]
            self.assertEqual(body["form"], form)
            self.assertEqual(body["MRTD"], parts.mrtd(raw))
            self.assertEqual(body["TDATTRIBUTES"]["SEPT_VE_DISABLE"], "1")
            self.assertEqual("MRSERVICETD" in body, kind == "tdx5")
            blocks = document["fields"]["Quote Signature Data"]["QE Certification Data (type 5)"]["blocks"]
            self.assertEqual(len(blocks), 3)
            self.assertEqual(blocks[0]["certificate"]["PCK"]["FMSPC"], "00806f050000")
            self.assertEqual(blocks[2]["certificate"]["subject"]["CN"], "Intel SGX Root CA")

    def test_certificates_and_lists(self):
        vcek = self.fields("turin-vek.der")
        self.assertEqual(vcek["VCEK"]["productName"], "Turin")
        self.assertIn("FMC", vcek["VCEK"])
        self.assertEqual(len(vcek["VCEK"]["hwID"]), 16)
        self.assertEqual(vcek["notAfter"][-1], "Z")
        self.assertEqual(self.fields("vlek-vek.der")["VLEK"]["productName"], "Genoa")
        self.assertEqual(self.fields("genoa-ark.der")["cA"], "yes")
        self.assertEqual(self.fields("genoa-ark.der")["keyUsage"]["keyCertSign"], "1")
        crl = self.inspect("genoa-crl.der")
        self.assertEqual(crl["what"], "a list of revoked certificates")
        self.assertEqual(crl["fields"]["issuer"]["CN"], "ARK-Genoa")
        pem = parts.write("chain.pem", parts.pem(parts.read("genoa-ask.der")) + b"text\n" + parts.pem(parts.read("genoa-ark.der")) +
                          parts.pem(parts.read("genoa-crl.der"), "X509 CRL"))
        self.assertEqual([list(block)[0] for block in self.fields(pem)["blocks"]],
                         ["certificate", "certificate", "revocation list"])

    def test_the_report_of_a_gpu(self):
        raw = parts.read("hopper-report.bin")
        for content in (raw, raw.hex().encode(), base64.b64encode(raw)):
            document = self.inspect(parts.write("gpu", content))
            self.assertEqual(document["what"], "the report of an NVIDIA GPU")
            fields = document["fields"]
            self.assertNotIn("malformed", fields)
            self.assertEqual(fields["GET_MEASUREMENTS"]["Nonce"], "d0" * 32)
            response = fields["MEASUREMENTS"]
            self.assertEqual([b["Index"] for b in response["MeasurementRecord"]], [str(i + 1) for i in range(64)])
            self.assertEqual(response["MeasurementRecord"][1]["DMTFSpecMeasurementValue"], "01" * 48)
            self.assertEqual(response["Signature"], raw[-96:].hex())
            opaque = response["opaque data"]
            self.assertEqual({name: opaque[name] for name in ("DRIVER_VERSION", "VBIOS_VERSION", "PROJECT", "PROJECT_SKU", "CHIP_SKU")},
                             {"DRIVER_VERSION": "580.95.05", "VBIOS_VERSION": "96.00.9F.00.01", "PROJECT": "1010", "PROJECT_SKU": "0200",
                              "CHIP_SKU": "882"})
            self.assertEqual((opaque["NVDEC0_STATUS"], opaque["PROTECTED_PCIE_STATUS"]), ("0xaa, on", "0x55, off"))
            self.assertEqual((opaque["FEATURE_FLAG"], opaque["OPAQUE_DATA_VERSION"], opaque["FWID"]), ("0, SPT", "1", "f1" * 48))
            self.assertEqual(opaque["MSRSCNT"], [i % 2 for i in range(64)])

    def test_every_octet_of_a_gpus_report_is_shown(self):
        raw = parts.read("hopper-report.bin")
        whole = json.dumps(self.fields("hopper-report.bin"))
        # What says that it is one, the two nonces and the length of the record apart: of these the response's nonce is nobody's but the GPU's own.
        response_nonce = 37 + 8 + int.from_bytes(raw[42:45], "little")
        for at in [*range(2, 37, 3), *range(39, 42), *range(45, response_nonce, 61), *range(response_nonce + 34, len(raw), 37)]:
            damaged = bytearray(raw)
            damaged[at] ^= 0x40
            result = parts.run("inspect", parts.write("damaged", bytes(damaged)), "--json")
            self.assertNotEqual(json.dumps(json.loads(result.stdout)["fields"]), whole, hex(at))

    def test_reference_values_and_ocsp_responses(self):
        document = self.inspect("hopper-driver.xml")
        self.assertEqual(document["what"], "reference values of NVIDIA's (RIM)")
        fields = document["fields"]
        self.assertEqual((fields["Meta"]["colloquialVersion"], fields["Meta"]["product"]), ("580.95.05", "GH100"))
        self.assertEqual(len(fields["measurements"]), 64)
        self.assertEqual([m["Hash0"] for m in fields["measurements"] if m["index"] == "61"], [f"{61:02x}" * 48])
        self.assertEqual(fields["certificates"][-1]["subject"]["CN"], "NVIDIA CoRIM signing Root CA")
        answer = {"id": "NV_GPU_DRIVER_GH100_580.95.05", "rim": base64.b64encode(parts.read("hopper-driver.xml")).decode(), "sha256": ""}
        document = self.inspect(parts.write("rim.json", json.dumps(answer).encode()))
        self.assertEqual(document["what"], "reference values, as NVIDIA's service answers")
        self.assertEqual(document["fields"]["id"], answer["id"])
        self.assertEqual(document["fields"]["rim"], fields)
        for wrong in ({**answer, "rim": "?"}, {**answer, "rim": 1}, {**answer, "id": ""}, {**answer, "rim": ""}):
            self.assertIn("malformed", self.inspect(parts.write("rim.json", json.dumps(wrong).encode()), USAGE)["fields"])
        document = self.inspect("hopper-ocsp0.der")
        self.assertEqual(document["what"], "an OCSP response")
        self.assertEqual([(r["serialNumber"], r["certStatus"]) for r in document["fields"]["responses"]], [("1001", "good")])
        self.assertEqual(document["fields"]["responses"][0]["nextUpdate"], "2046-01-19T18:40:00Z")
        revoked = self.fields("hopper-wrong-revoked.der")["responses"][0]
        self.assertEqual((revoked["certStatus"], revoked["revocationReason"]), ("revoked", "1"))
        pem = parts.write("ocsp.pem", parts.pem(parts.read("hopper-ocsp0.der"), "OCSP RESPONSE") * 2)
        self.assertEqual([list(block)[0] for block in self.fields(pem)["blocks"]], ["OCSP response"] * 2)

    def test_the_certificates_of_a_gpu(self):
        blocks = self.fields("hopper-chain.pem")["blocks"]
        self.assertEqual(len(blocks), 5)
        self.assertEqual(blocks[0]["certificate"]["DICE"]["FWID"], "f1" * 48)
        document = self.inspect("hopper-chain.der")
        self.assertEqual(document["what"], "certificates, one behind the other")
        self.assertEqual(document["fields"]["certificates"], [block["certificate"] for block in blocks])
        path = parts.write("cut.der", parts.read("hopper-chain.der")[:-1])
        self.assertIn("malformed", self.inspect(path, USAGE)["fields"])

    def test_intels_documents(self):
        info = self.inspect("tdx5-tcb_info.json")
        self.assertEqual(info["what"], "Intel's TCB info")
        self.assertEqual(info["fields"]["tcbInfo"]["fmspc"].lower(), "00806f050000")
        self.assertEqual(self.inspect("tdx5-qe_identity.json")["fields"]["enclaveIdentity"]["id"], "TD_QE")
        everything = self.inspect("tdx5-collateral.json")["fields"]
        self.assertEqual(everything["tcb_info"]["id"], "TDX")
        self.assertEqual(everything["root_ca_crl"]["fields"]["issuer"]["CN"], "Intel SGX Root CA")
        self.assertEqual(everything["tcb_info_issuer_chain"]["fields"]["blocks"][0]["certificate"]["subject"]["CN"],
                         "Intel SGX TCB Signing")

    def test_a_td_report(self):
        content = bytearray(1024)
        content[0] = 0x81
        content[528:576] = b"\x5a" * 48
        content[512 + 3] = 0x10  # SEPT_VE_DISABLE
        fields = self.fields(parts.write("tdreport", bytes(content)))
        self.assertEqual(fields["TDINFO.MRTD"], "5a" * 48)
        self.assertEqual(fields["TDINFO.ATTRIBUTES"]["SEPT_VE_DISABLE"], "1")

    def test_a_statement_and_a_policy(self):
        statement = {"gpu_evidence": None, "model": "sha256:" + "00" * 32, "model_name": "m", "noise_static": "A" * 43,
                     "openpgp": None, "version": 1}
        self.assertEqual(self.inspect(parts.write("s.json", json.dumps(statement).encode()))["what"], "a key statement")
        self.assertEqual(self.inspect(parts.write("p.json", b'{"version":1,"snp":{"vmpl":0}}'))["what"], "an appraisal policy")

    def test_the_text_says_that_nothing_was_verified(self):
        for name in ("genoa-report.bin", "tdx5-quote.bin", "tdx5-collateral.json", "genoa-ark.der"):
            result = parts.run("inspect", name)
            self.assertEqual(result.returncode, SHOWN)
            self.assertTrue(result.stdout.endswith(b"Nothing of this was verified.\n"))

    def test_what_is_not_known_says_so(self):
        for content in (b"", b"hello", b"{}", b"[1]", b"\x30\x00", bytes(1184), os.urandom(100), b"-----BEGIN PGP-----\n"):
            result = parts.run("inspect", parts.write("unknown", content))
            self.assertEqual(result.returncode, USAGE, content)
            self.assertIn(b"unknown", result.stderr)
        self.assertEqual(parts.run("inspect", "no-such-file").returncode, USAGE)
        self.assertEqual(parts.run("inspect").returncode, USAGE)
        self.assertEqual(parts.run("inspect", "a", "b").returncode, USAGE)

    def test_foreign_text_is_shown_without_its_control_characters(self):
        der = parts.read("genoa-ark.der")
        result = parts.run("inspect", parts.write("evil.der", der.replace(b"ARK-Genoa", b"ARK\x1b[2JGe")))
        self.assertEqual(result.returncode, SHOWN, result.stderr)
        self.assertNotIn(b"\x1b", result.stdout)
        self.assertIn(b"ARK\\x1b[2JGe", result.stdout)

    def test_damaged_files_end_with_a_code(self):
        chance = random.Random(1)
        for name in ("genoa-report.bin", "genoa-ark.der", "genoa-crl.der", "tdx5-quote.bin", "tdx5-collateral.json", "hopper-report.bin",
                     "hopper-driver.xml", "hopper-chain.der", "hopper-ocsp0.der"):
            raw = parts.read(name)
            for _ in range(25):
                damaged = bytearray(raw)
                for _ in range(chance.randrange(1, 4)):
                    damaged[chance.randrange(len(raw))] = chance.randrange(256)
                damaged = damaged[: chance.choice((len(raw), len(raw), chance.randrange(len(raw))))]
                result = parts.run("inspect", parts.write("damaged", bytes(damaged)), "--json")
                self.assertIn(result.returncode, (SHOWN, USAGE), (name, result.stderr))

    def test_other_peoples_files(self):
        wanted = {
            "snp/go-sev-guest/attestation.bin": "an SEV-SNP attestation report", "snp/sev/report_milan.hex": "an SEV-SNP attestation report",
            "snp/go-sev-guest/vcek.testcer": "a certificate", "snp/go-sev-guest/milan.testcer": "PEM", "snp/sev/vcek_turin.der": "a certificate",
            "tdx/dcap-qvl/tdx_quote": "a TD quote", "tdx/dcap-qvl/quote_hex.txt": "a TD quote", "tdx/dcap-qvl/sgx_quote": "a quote of an SGX enclave",
            "tdx/dcap-qvl/tdx_quote_collateral.json": "TDX collateral, all in one", "tdx/go-tdx-guest/pckcrl": "a list of revoked certificates",
            "tdx/go-tdx-guest/quote_v5_sample.dat": "a TD quote", "tdx/go-tdx-guest/sample_tcbInfo_response": "Intel's TCB info",
            "tdx/go-tdx-guest/sample_qeIdentity_response": "Intel's identity of a quoting enclave",
            "nvidia/nvtrust/hopperAttestationReport.txt": "the report of an NVIDIA GPU", "nvidia/nvtrust/hopperCertChain.txt": "PEM",
            "nvidia/nvtrust/1010_0200_882_960074001C_PROD.swidtag": "reference values of NVIDIA's (RIM)",
        }
        paths = {parts.real(name): what for name, what in wanted.items() if parts.real(name)}
        if not paths:
            self.skipTest("no real evidence")
        for path, what in paths.items():
            with self.subTest(path=path):
                self.assertEqual(self.inspect(path)["what"], what)
        for name, what in (("snp", "an SEV-SNP attestation report"), ("tdx", "a TDREPORT")):
            path = parts.real(f"azure/azure-cvm-tooling/hcl-report-{name}.bin")
            if path:
                fields = self.inspect(path)["fields"]
                self.assertEqual(fields["hardware report"]["what"], what)
                self.assertIn("keys", fields["runtime data"])
        path = parts.real("tdx/go-tdx-guest/tdx_prod_quote_SPR_E4.dat")
        if path:
            self.assertIn("padding", self.inspect(path, USAGE)["fields"]["malformed"])


if __name__ == "__main__":
    parts.main(unittest)
