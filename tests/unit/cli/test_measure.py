#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume measure snp, run as a person runs it: published digests where the firmware is at hand, and what is said when something is missing.

usage: test_measure.py ENCLUME SHARED-DIRECTORY
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

enclume, shared = sys.argv[1:3]
firmware = os.path.join(shared, "evidence/measure/sev-snp-measure/ovmf_AmdSev_suffix.bin")
USAGE = 2


class Measure(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.empty = self.file("empty", b"")

    def file(self, name, content):
        path = os.path.join(self.directory.name, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def measure(self, *arguments):
        return subprocess.run([enclume, "measure", "snp", *arguments], capture_output=True, text=True, timeout=60, check=False)

    def assert_usage(self, result, words):
        self.assertEqual(result.returncode, USAGE, result.stderr)
        self.assertIn(words, result.stderr)
        self.assertEqual(result.stdout, "")

    @unittest.skipUnless(os.path.exists(firmware), "the published firmware is not here")
    def test_published_digests(self):
        kernel = ["--kernel", self.empty, "--initrd", self.empty]
        console = self.file("cmdline", b"console=ttyS0 loglevel=7\n")
        for arguments, wanted in (
            ([*kernel, "--cmdline", console, "--vcpu-model", "EPYC-v4", "--guest-features", "0x21"], "803f691094946e42068aaa3a8f9e26a5"),
            ([*kernel, "--vcpus", "4", "--vcpu-model", "0x800f12"], "5061fffb019493a903613d56d54b9491"),
            (["--vcpu-model", "EPYC-v4"], "19358ba9a7615534a9a1e2f0dfc29384"),
            ([*kernel, "--vmm", "ec2"], "0883bd0eeb716e65b7b977a321c278d1"),
            ([*kernel, "--vmm", "gce", "--vcpus", "4"], "5c5debf100fc339f90276e761ee1f165"),
        ):
            result = self.measure("--ovmf", firmware, *arguments)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(len(result.stdout), 97)
            self.assertTrue(result.stdout.startswith(wanted), (arguments, result.stdout))

    @unittest.skipUnless(os.path.exists(firmware), "the published firmware is not here")
    def test_a_policy_and_json(self):
        plain = self.measure("--ovmf", firmware, "--vcpu-model", "EPYC").stdout.strip()
        policy = self.measure("--ovmf", firmware, "--vcpu-model", "EPYC", "--policy").stdout
        self.assertEqual(json.loads(policy), {"version": 1, "snp": {"measurements": [plain]}})
        path = self.file("policy.json", policy.encode())
        check = subprocess.run([enclume, "policy", "check", path], capture_output=True, timeout=60, check=False)
        self.assertEqual(check.returncode, 0, check.stderr)
        as_json = self.measure("--ovmf", firmware, "--vcpu-model", "EPYC", "--json").stdout
        self.assertEqual(json.loads(as_json), {"platform": "snp", "measurement": plain})

    def test_what_is_missing_or_wrong_is_named(self):
        for arguments, words in (
            ((), "--ovmf"),
            (("--ovmf", self.empty), "--vcpu-model"),
            (("--ovmf", self.empty, "--vcpu-model", "EPYC-Venice"), "EPYC-Venice"),
            (("--ovmf", self.empty, "--vcpu-model", "0x"), "0x"),
            (("--ovmf", self.empty, "--vcpu-model", "0x1000000000"), "0x1000000000"),
            (("--ovmf", self.empty, "--vcpu-model", "EPYC"), "firmware"),
            (("--ovmf", self.empty, "--vcpu-model", "EPYC", "--initrd", self.empty), "--kernel"),
            (("--ovmf", self.empty, "--vcpu-model", "EPYC", "--guest-features", "33"), "--guest-features"),
            (("--ovmf", self.empty, "--vcpu-model", "EPYC", "--vmm", "xen"), "xen"),
            (("--ovmf", self.empty, "--vcpu-model", "EPYC", "--platform", "snp"), "--platform"),
            (("--ovmf", self.empty, "--vcpu-model", "EPYC", "program"), "no program"),
            (("--ovmf", "/nonexistent", "--vcpu-model", "EPYC"), "/nonexistent"),
            (("--ovmf", self.empty, "--vcpu-model", "EPYC", "--policy", "--json"), "one of the two"),
            (("--ovmf", self.empty, "--vcpus", "0", "--vcpu-model", "EPYC"), "--vcpus"),
        ):
            with self.subTest(arguments=arguments):
                self.assert_usage(self.measure(*arguments), words)

    @unittest.skipUnless(os.path.exists(firmware), "the published firmware is not here")
    def test_a_command_line_with_a_nul_is_refused(self):
        cmdline = self.file("cmdline", b"quiet\0init=/bin/sh")
        self.assert_usage(self.measure("--ovmf", firmware, "--vcpu-model", "EPYC", "--kernel", self.empty, "--cmdline", cmdline), "NUL")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
