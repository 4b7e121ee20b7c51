# SPDX-License-Identifier: Apache-2.0
"""What the tests of enclume verify stand on: the program's answer held against its schema, and for each kind of evidence the arguments that accept it."""
import json
import os
import re
import unittest

import parts
from parts import ACCEPTED, NOW, REFUSED


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

    def check(self, result, name):
        return next(check for check in parts.verdict(result)["checks"] if check["name"] == name)


class SnpCase(Case):
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


class TdxCase(Case):
    def base(self, kind="tdx5", quote=None, collateral=None, data="d0" * 64):
        arguments = ["--tdx-quote", quote or f"{kind}-quote.bin", "--measurement", parts.mrtd(parts.read(f"{kind}-quote.bin")),
                     "--rtmr", "all:any", "--trust-simulated", f"{kind}-root.der", "--at", NOW]
        for file in collateral or [f"{kind}-collateral.json"]:
            arguments += ["--collateral", file]
        if data is not None:
            arguments += ["--report-data", data]
        return arguments


class VtpmCase(Case):
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


class GpuCase(Case):
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
