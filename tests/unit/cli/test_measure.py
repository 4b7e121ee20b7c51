#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume measure snp and tdx, run as a person runs it: published digests where the firmware is at hand, and what is said when something is missing.

usage: test_measure.py ENCLUME SHARED-DIRECTORY DEPS-DIRECTORY
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

enclume, shared, deps = sys.argv[1:4]
firmware = os.path.join(shared, "evidence/measure/sev-snp-measure/ovmf_AmdSev_suffix.bin")
tdx_firmware = os.path.join(deps, "qemu/usr/share/ovmf/OVMF.fd")
signed_kernel = os.path.join(deps, "kernel/vmlinuz")
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


class MeasureTdx(Measure):
    # Registers and events themselves: tests/unit/launch/test_launch_tdx_vectors.c.
    def measure(self, *arguments):
        return subprocess.run([enclume, "measure", "tdx", *arguments], capture_output=True, text=True, timeout=60, check=False)

    test_published_digests = test_a_policy_and_json = test_a_command_line_with_a_nul_is_refused = None

    @unittest.skipUnless(os.path.exists(tdx_firmware) and os.path.exists(signed_kernel), "deps/qemu or deps/kernel is not here")
    def test_registers_policy_and_events(self):
        arguments = ["--firmware", tdx_firmware, "--memory", "4G", "--kernel", signed_kernel, "--initrd", self.file("initrd", b"i"),
                     "--cmdline", self.file("cmdline", b"quiet\n")]
        plain = dict(line.split() for line in self.measure(*arguments).stdout.splitlines())
        self.assertEqual(list(plain), ["mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3"])
        self.assertEqual((plain["rtmr0"], plain["rtmr3"]), ("any", "0" * 96))
        policy = self.measure(*arguments, "--policy")
        self.assertIn("ACPI", policy.stderr)
        self.assertEqual(json.loads(policy.stdout), {"version": 1, "tdx": {"launches": [plain]}})
        check = subprocess.run([enclume, "policy", "check", self.file("policy.json", policy.stdout.encode())], capture_output=True, timeout=60, check=False)
        self.assertEqual(check.returncode, 0, check.stderr)
        full = json.loads(self.measure(*arguments, "--json", "--events").stdout)
        self.assertEqual({k: full[k] for k in plain}, plain)
        digests = {(e["rtmr"], e["name"]): e["digest"] for e in full["events"]}
        # The store of variables in this firmware is edk2's empty one, as published logs have it.
        self.assertTrue(digests[0, "configuration volume"].startswith("344bc51c980ba621aaa00da3"))
        self.assertTrue(digests[0, "TD HOB"].startswith("02a008e63d55a77823c04a55"))
        # What each input counts in, and nothing else.
        for change, registers in (
            (("--cmdline", self.file("other", b"quiet x\n")), {"rtmr2"}),
            (("--initrd", self.file("initrd2", b"j")), {"rtmr2"}),
            (("--memory", "8G"), set()),
            (("--qemu", "9.2"), {"rtmr1"}),
            (("--qemu", "8.2"), {"mrtd", "rtmr1"}),
            (("--firmware-version", "2024.02"), {"rtmr1"}),
            (("--firmware-version", "2025.08"), {"rtmr2"}),
        ):
            at = arguments.index(change[0]) if change[0] in arguments else len(arguments)
            other = dict(line.split() for line in self.measure(*arguments[:at], *change, *arguments[at + 2:]).stdout.splitlines())
            self.assertEqual({k for k in plain if plain[k] != other[k]}, registers, change)

    def test_what_is_missing_or_wrong_is_named(self):
        kernel = ("--firmware", self.empty, "--kernel", self.empty)
        for arguments, words in (
            ((), "--firmware"),
            (("--firmware", self.empty), "firmware"),
            (kernel, "--memory"),
            ((*kernel, "--memory", "4X"), "4X"),
            ((*kernel, "--memory", "4G", "--qemu", "7.2"), "7.2"),
            ((*kernel, "--memory", "4G", "--firmware-version", "2025"), "2025"),
            ((*kernel, "--memory", "4G", "--secure-boot", "maybe"), "maybe"),
            ((*kernel, "--memory", "4G", "--rsdp", self.empty), "--acpi-tables"),
            ((*kernel, "--memory", "4G", "--smbios", "00", "--acpi-tables", self.empty), "--smbios"),
            ((*kernel, "--memory", "4G", "--smbios-tables", self.empty), "--acpi-tables"),
            ((*kernel, "--memory", "4G", "--smbios-tables", self.empty, "--acpi-tables", self.empty), "SMBIOS"),
            ((*kernel, "--memory", "4G", "--smbios-tables", self.empty, "--smbios", "0" * 96, "--acpi-tables", self.empty), "one of the two"),
            ((*kernel, "--memory", "4G", "--processor-id", "f8060c00fffb8b0f", "--acpi-tables", self.empty), "--smbios-tables"),
            ((*kernel, "--memory", "4G", "--processor-id", "f8060c00", "--smbios-tables", self.empty, "--acpi-tables", self.empty), "16 hexadecimal"),
            (("--firmware", self.empty, "--initrd", self.empty), "--kernel"),
            (("--firmware", self.empty, "--memory", "4G", "--policy"), "any kernel"),
            ((*kernel, "--memory", "4G", "--ovmf", self.empty), "snp"),
            ((*kernel, "--memory", "4G", "--vmm", "qemu"), "snp"),
            ((*kernel, "--memory", "4G", "program"), "no program"),
            ((*kernel, "--memory", "4G", "--policy", "--json"), "one of the two"),
        ):
            self.assert_usage(self.measure(*arguments), words)
        for options in (("--memory", "4G"), ("--acpi-tables", "x"), ("--events",)):
            result = subprocess.run([enclume, "measure", "snp", "--firmware", self.empty, "--vcpu-model", "EPYC", *options], capture_output=True, text=True,
                                    timeout=60, check=False)
            self.assert_usage(result, "tdx")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
