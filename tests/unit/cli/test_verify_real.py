#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume verify of other people's evidence, each at its own time, run as a person runs it."""
import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
from parts import REFUSED  # noqa: E402
from verify_cases import Case  # noqa: E402


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
