#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume verify of GPUs, run as a person runs it: made-up evidence in every form, and what its policy waives."""
import base64
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
from parts import NOW, USAGE  # noqa: E402
from verify_cases import GpuCase, SnpCase  # noqa: E402


class Gpu(GpuCase):
    def two(self, **changed):
        return self.base(**{"gpu_report": ["hopper-report.bin", "hopper2-report.bin"], "gpu_certs": ["hopper-chain.pem", "hopper2-chain.pem"],
                            "ocsp": [f"hopper-ocsp{i}.der" for i in range(6)] + ["hopper2-ocsp0.der"], **changed})

    def policy(self, **gpu):
        return ["--policy", parts.write("gpu-policy.json", json.dumps({"version": 1, "gpu": gpu}).encode())]

    def answer(self, file, name):
        content = {"id": name, "rim": base64.b64encode(parts.read(file)).decode(), "sha256": "00", "last_updated": "x", "rim_format": "x"}
        return parts.write(f"{file}.json", json.dumps(content).encode())

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
        self.assertEqual(self.check(result, "file.gpu.certificates")["saw"], "1 for 2 reports")
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

    def test_the_answers_of_nvidias_service_name_their_documents(self):
        driver, vbios = "NV_GPU_DRIVER_GH100_580.95.05", "NV_GPU_VBIOS_1010_0200_882_96009F0001"
        rims = [self.answer("hopper-driver.xml", driver), self.answer("hopper-vbios.xml", vbios)]
        result = self.verify(*self.base(rim=rims))
        self.assert_accepted(result)
        self.assertEqual(self.check(result, "nvgpu.vbios.rim_id")["saw"], "as it should be")
        self.assertEqual(self.check(self.verify(*self.base()), "nvgpu.vbios.rim_id")["saw"], "its name is not known")
        rims[1] = self.answer("hopper-vbios.xml", "NV_GPU_VBIOS_1010_0205_882_96009F0001")
        self.assert_refused_by(self.verify(*self.base(rim=rims)), "nvgpu.vbios.rim_id")
        rims = [self.answer("hopper-driver.xml", driver[:-1] + "6"), "hopper-vbios.xml"]
        self.assert_refused_by(self.verify(*self.base(rim=rims)), "nvgpu.driver.rim_id")
        for wrong in (b'{"id": "x", "rim": "?"}', b'{"id": "x"}', b'{"rim": "AAAA"}', b'{"id": "x", "rim": ', b'{"id": "x", "rim": "AAAA"}'):
            result = self.verify(*self.base(rim=[parts.write("answer.json", wrong), "hopper-vbios.xml"]))
            self.assertIn("nvgpu.rim.form", parts.failed(result))
            if b"AAAA\"}" not in wrong or b"id" not in wrong:
                self.assertIn("answer.json: ", self.check(result, "file.gpu.rim")["saw"])

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
        self.assertIn("your policy allows", self.check(result, "nvgpu.chain.not_revoked")["saw"])
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
        self.assertIn("odd.hex", self.check(result, "file.gpu.report")["saw"])
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
        self.assertIn("none.pem: no OCSP response", self.check(result, "file.gpu.ocsp")["saw"])

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
                result = parts.run("verify", *SnpCase().base(), option, "00" * 32)
                self.assertEqual(result.returncode, USAGE)
                self.assertIn(b"for --gpu-report", result.stderr)
        for name in ("gpu_report", "gpu_certs", "rim", "ocsp"):
            result = parts.run("verify", *self.base(**{name: ["no-such-file"]}))
            self.assertEqual(result.returncode, USAGE)
            self.assertIn(b"no-such-file", result.stderr)


if __name__ == "__main__":
    parts.main(unittest)
