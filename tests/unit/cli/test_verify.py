#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume verify, run as a person runs it: how it is called, and the list of its checks."""
import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import parts  # noqa: E402
from parts import USAGE  # noqa: E402
from verify_cases import Case, GpuCase, SnpCase, TdxCase, VtpmCase  # noqa: E402


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
        for result in (self.verify(*SnpCase().base()), self.verify(*TdxCase().base(data="any")), self.verify(*GpuCase().base(nonce="any")),
                       self.verify(bundle), self.verify(*VtpmCase().base()), self.verify(*VtpmCase().base("tdx", nonce="any"))):
            for check in parts.verdict(result)["checks"]:
                self.assertEqual(listed[check["name"]], check["text"])


if __name__ == "__main__":
    parts.main(unittest)
