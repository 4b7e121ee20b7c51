#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume launch and enclume doctor, run as a person runs them: what is printed is what a shell, systemd, libvirt and the real QEMU understand; what a
host lacks is named; and a simulated machine is booted, measured as enclume measure says, and refused by its own firmware when a byte is another.

usage: test_launch.py ENCLUME SIMULATOR DEPS-DIRECTORY SOURCE-DIRECTORY parse|boot
"""
import base64
import gzip
import json
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ElementTree

enclume, simulator, deps, source, part = sys.argv[1:6]
qemu = os.path.join(deps, "qemu/bin/qemu-system-x86_64")
qemu_tdx = os.environ.get("ENCLUME_QEMU_TDX", "")
kernel = os.path.join(deps, "kernel/vmlinuz")
snp_firmware = os.path.join(deps, "firmware/OVMF.amdsev.fd")
tdx_firmware = os.path.join(deps, "firmware/OVMF.inteltdx.ms.fd")
USAGE, ENCLAVE = 2, 4


def newc(entries):
    """A cpio archive (newc)."""
    out = b""
    for inode, (name, mode, content) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        name = name.encode() + b"\0"
        fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + name
        out += head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)
    return out


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.image = self.path("image")
        os.mkdir(self.image)
        self.file("image/vmlinuz", b"kernel")
        self.file("image/initrd", b"initrd")
        self.file("image/cmdline", b"console=ttyS0 quiet\n")

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def file(self, name, content, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content)
        os.chmod(path, mode)
        return path

    def run_it(self, *arguments, **more):
        return subprocess.run([enclume, *arguments], capture_output=True, text=True, timeout=100, check=False, **more)

    def launch(self, *arguments):
        return self.run_it("launch", "--image", self.image, *arguments)

    def printed(self, *arguments):
        result = self.launch(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def words(self, *arguments):
        return split(self.printed("--dry-run", *arguments))


def read(path):
    with open(path, "rb") as f:
        return f.read()


def split(line):
    return shlex.split(line.replace("\\\n", ""))


def value(words, option, containing=""):
    return next(b for a, b in zip(words, words[1:]) if a == option and containing in b)


class Parse(Case):
    odd = "/it's \"odd\" $HOME `x` %n, ä\\b.fd"

    def test_a_shell_reads_the_line_as_it_was_meant(self):
        line = self.printed("--dry-run", "--platform", "snp", "--vsock-cid", "7", "--firmware", self.odd)
        # A real shell, with QEMU in its place a program that prints its arguments.
        self.file("bin/qemu-system-x86_64", b'#!/bin/sh\nprintf "%s\\0" "$@"\n', 0o755)
        shown = subprocess.run(["sh", "-c", line], env={"PATH": self.path("bin") + ":/usr/bin:/bin", "HOME": "/wrong"}, capture_output=True, check=True)
        words = [w.decode() for w in shown.stdout.split(b"\0")]
        self.assertEqual(value(words, "-bios"), self.odd)
        self.assertEqual(value(words, "-append"), "console=ttyS0 quiet enclume.listen=vsock:7878")

    def test_a_unit_says_the_same_as_the_line(self):
        arguments = ("--platform", "snp", "--vsock-cid", "7", "--firmware", self.odd)
        unit = self.printed("--systemd", *arguments)
        start = unit.split("ExecStart=", 1)[1].split("\nRestart=", 1)[0].replace("\\\n", "")
        words, at = [], 0
        while at < len(start):  # systemd.service(5): double quotes, backslash escapes, %% and $$
            if start[at].isspace():
                at += 1
                continue
            self.assertEqual(start[at], '"')
            at, word = at + 1, ""
            while start[at] != '"':
                if start[at] == "\\" or start[at] in "%$":
                    if start[at] in "%$":
                        self.assertEqual(start[at], start[at + 1])
                    at += 1
                word, at = word + start[at], at + 1
            words, at = [*words, word], at + 1
        self.assertEqual(words, self.words(*arguments))

    def test_a_domain_is_xml_with_the_same_machine(self):
        data = bytes(range(32))
        text = self.printed("--libvirt", "--platform", "snp", "--tap", "tap0", "--address", "10.0.0.2/24", "--gateway", "10.0.0.1", "--firmware", self.odd,
                            "--host-data", data.hex(), "--memory", "6G", "--vcpus", "3", "--vcpu-model", "EPYC-Turin")
        domain = ElementTree.fromstring(text)
        self.assertEqual(domain.findtext("os/loader"), self.odd)
        self.assertEqual(domain.findtext("os/cmdline"),
                         "console=ttyS0 quiet enclume.listen=tcp:7878 enclume.address=10.0.0.2/24 enclume.gateway=10.0.0.1")
        self.assertEqual(domain.findtext("memory"), str(6 * 1024 * 1024))
        self.assertEqual(domain.findtext("vcpu"), "3")
        self.assertEqual(domain.findtext("cpu/model"), "EPYC-Turin")
        security = domain.find("launchSecurity")
        self.assertEqual((security.get("type"), security.get("kernelHashes")), ("sev-snp", "yes"))
        self.assertEqual(base64.b64decode(security.findtext("hostData")), data)
        self.assertEqual(security.findtext("policy"), "0x30000")
        tdx = ElementTree.fromstring(self.printed("--libvirt", "--platform", "tdx", "--vsock-cid", "9"))
        self.assertEqual(tdx.find("launchSecurity").get("type"), "tdx")
        self.assertEqual(tdx.find("devices/vsock/cid").get("address"), "9")

    def test_what_is_reached_how_is_on_the_measured_command_line(self):
        for arguments, wanted in (
            (("--vsock-cid", "7"), "enclume.listen=vsock:7878"),
            (("--vsock-socket", "/run/v.sock", "--guest-port", "9000"), "enclume.listen=vsock:9000"),
            (("--port", "7001"), "enclume.listen=tcp:7878 enclume.address=10.0.2.15/24 enclume.gateway=10.0.2.2"),
            (("--tap", "t0", "--address", "192.0.2.2/24"), "enclume.listen=tcp:7878 enclume.address=192.0.2.2/24"),
        ):
            words = self.words("--platform", "simulated", "--word", "enclume.slots=2", *arguments)
            self.assertEqual(value(words, "-append"), "console=ttyS0 quiet enclume.slots=2 " + wanted)
        self.assertIn("restrict=on", value(self.words("--platform", "simulated", "--port", "7001"), "-netdev"))

    def test_a_file_name_with_a_comma_stays_one(self):
        words = self.words("--platform", "simulated", "--vsock-socket", "/run/a,b")
        self.assertEqual(value(words, "-chardev"), "socket,id=vsock,path=/run/a,,b")

    def test_what_is_wrong_is_named(self):
        for arguments, words in (
            (("--vsock-cid", "7"), "--platform"),
            (("--platform", "sgx", "--vsock-cid", "7"), "sgx"),
            (("--platform", "snp"), "--vsock-cid"),
            (("--platform", "snp", "--vsock-cid", "7", "--port", "1"), "one of them"),
            (("--platform", "snp", "--vsock-cid", "2"), "--vsock-cid 2"),
            (("--platform", "snp", "--tap", "t0"), "--address"),
            (("--platform", "snp", "--port", "1", "--address", "1.2.3.4/24"), "--tap"),
            (("--platform", "snp", "--vsock-cid", "7", "--memory", "lots"), "lots"),
            (("--platform", "snp", "--vsock-cid", "7", "--word", "a b"), "a b"),
            (("--platform", "snp", "--vsock-cid", "7", "--accel", "tcg"), "KVM"),
            (("--platform", "snp", "--vsock-cid", "7", "--host-data", "00"), "--host-data"),
            (("--platform", "snp", "--vsock-cid", "7", "--snp-policy", "1"), "--snp-policy"),
            (("--platform", "tdx", "--vsock-cid", "7", "--snp-policy", "0x1"), "--snp-policy"),
            (("--platform", "tdx", "--vsock-cid", "7", "--vcpu-model", "EPYC"), "--vcpu-model"),
            (("--platform", "snp", "--vsock-cid", "7", "--chain", "x"), "simulated"),
            (("--platform", "snp", "--vsock-cid", "7", "--model", "v"), "enclume.model"),
            (("--platform", "snp", "--vsock-cid", "7", "--systemd"), "one of them"),
            (("--platform", "snp", "--vsock-cid", "7", "--firmware-version", "2025.02"), "for tdx"),
            (("--platform", "snp", "--vsock-cid", "7", "operand"), "operand"),
        ):
            result = self.launch("--dry-run", *arguments)
            self.assertEqual(result.returncode, USAGE, (arguments, result.stderr))
            self.assertIn(words, result.stderr, arguments)
            self.assertEqual(result.stdout, "")
        for arguments, words in (
            (("--platform", "tdx", "--vsock-cid", "7", "--quote-service", "nowhere"), "nowhere"),
            (("--platform", "snp", "--vsock-cid", "7", "--name", "a/b"), "name"),
            (("--platform", "snp", "--vsock-cid", "7", "--serial", "a\nb"), "serial"),
        ):
            result = self.launch("--dry-run", *arguments)
            self.assertEqual(result.returncode, USAGE, (arguments, result.stderr))
            self.assertIn(words, result.stderr)
        for form in ("--libvirt", "--systemd"):
            self.assertIn("full path", self.launch(form, "--platform", "snp", "--vsock-cid", "7", "--firmware", "here.fd").stderr)
        self.assertIn("simulator", self.launch("--libvirt", "--platform", "simulated", "--port", "7", "--root-out", "/r").stderr)
        os.remove(self.path("image/initrd"))
        self.assertIn("initrd", self.launch("--dry-run", "--platform", "snp", "--vsock-cid", "7").stderr)

    def test_a_volume_must_be_the_one_that_the_words_name(self):
        gguf = self.file("model.gguf", b"GGUF" + bytes(9000))
        packed = self.run_it("model", "pack", gguf, "--output", self.path("volume"))
        self.assertEqual(packed.returncode, 0, packed.stderr)
        found = [w for w in packed.stdout.split() if w.startswith("enclume.")]
        self.assertEqual(len(found), 2, packed.stdout)
        words = [x for w in found for x in ("--word", w)]
        machine = ("--platform", "snp", "--vsock-cid", "7", "--model", self.path("volume"))
        self.assertIn("file=" + self.path("volume"), value(self.words(*machine, *words), "-drive"))
        other = ["--word", "enclume.model=" + "0" * 64, *words[2:]] if words[1].startswith("enclume.model=") else None
        self.assertIsNotNone(other)
        self.assertIn("root hash", self.launch("--dry-run", *machine, *other).stderr)
        self.assertIn("bytes", self.launch("--dry-run", *machine, *words[:2], "--word", "enclume.model_size=90000").stderr)

    def real_qemu(self, program, words):
        """The line, with the accelerator that works anywhere: how far does QEMU get?"""
        words = [program, *words[1:], "-S"]
        words[words.index("-accel") + 1] = "tcg"
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)

    @unittest.skipUnless(os.path.exists(qemu) and os.path.exists(snp_firmware), "deps/qemu or deps/firmware is not here")
    def test_the_real_qemu_takes_the_line_for_snp(self):
        self.file("image/vmlinuz", read(kernel) if os.path.exists(kernel) else b"k" * 4096)
        arguments = ("--platform", "snp", "--port", "7001", "--firmware", snp_firmware, "--host-data", "ab" * 32, "--memory", "256M")
        words = self.words(*arguments)
        result = self.real_qemu(qemu, words)
        # It reads every option and makes every object, and stops where the processor is missing.
        self.assertRegex(result.stderr.lower(), r"kvm.*(required|need)|(required|need).*kvm|sev")
        self.assertNotRegex(result.stderr, r"(?i)property|invalid|unknown|expected")
        broken = [w.replace("kernel-hashes=on", "kernel-hash=on") for w in words]
        self.assertRegex(self.real_qemu(qemu, broken).stderr, r"kernel-hash")

    @unittest.skipUnless(os.path.exists(qemu_tdx), "ENCLUME_QEMU_TDX names no QEMU that knows tdx-guest")
    def test_the_real_qemu_takes_the_line_for_tdx(self):
        self.file("image/vmlinuz", read(kernel) if os.path.exists(kernel) else b"k" * 4096)
        words = self.words("--platform", "tdx", "--port", "7001", "--firmware", tdx_firmware, "--memory", "256M")
        words[words.index("-cpu") + 1] = "max"  # "host" is for KVM
        result = self.real_qemu(qemu_tdx, words)
        self.assertRegex(result.stderr.lower(), r"tdx|kvm")
        self.assertNotRegex(result.stderr, r"(?i)property|invalid|unknown|expected")
        broken = [w.replace("quote-generation-socket", "quote-socket") for w in words]
        self.assertRegex(self.real_qemu(qemu_tdx, broken).stderr, r"quote-socket")


class Doctor(Case):
    """Against made-up roots."""

    def root(self, files):
        for name, content in files.items():
            self.file("root" + name, content.encode())
        return self.path("root")

    def fake_qemu(self, version, objects):
        script = '#!/bin/sh\ncase "$1" in\n--version) echo "QEMU emulator version %s (Debian)" ;;\n-object) printf "List of user creatable objects:\\n%s\\n" ;;\nesac\n'
        return self.file("bin/qemu", (script % (version, "\\n".join("  " + o for o in objects))).encode(), 0o755)

    def doctor(self, root, *arguments):
        result = self.run_it("doctor", "--root", root, "--json", *arguments)
        self.assertIn(result.returncode, (0, ENCLAVE), result.stderr)
        found = json.loads(result.stdout)
        self.assertEqual(found["good"], result.returncode == 0)
        return found["good"], {f["name"]: f["status"] for f in found["findings"]}

    snp_host = {
        "/proc/cpuinfo": "vendor_id\t: AuthenticAMD\nflags\t\t: fpu sev sev_es sev_snp debug_swap\n",
        "/proc/sys/kernel/osrelease": "6.12.117+deb13-amd64\n",
        "/sys/module/kvm_amd/parameters/sev_snp": "Y\n",
        "/sys/class/iommu/ivhd0/x": "",
        "/dev/kvm": "", "/dev/sev": "", "/dev/vhost-vsock": "",
        "/proc/meminfo": "MemTotal: 33554432 kB\nMemAvailable: 16777216 kB\n",
    }
    tdx_host = {
        "/proc/cpuinfo": "vendor_id\t: GenuineIntel\nflags\t\t: fpu tdx_host_platform\n",
        "/proc/sys/kernel/osrelease": "6.16.3+deb13-amd64\n",
        "/sys/module/kvm_intel/parameters/tdx": "Y\n",
        "/dev/kvm": "", "/dev/vhost-vsock": "",
        "/var/run/tdx-qgs/qgs.socket": "",
        "/proc/meminfo": "MemAvailable: 16777216 kB\n",
    }

    def test_a_host_that_has_everything_is_good(self):
        good, status = self.doctor(self.root(self.snp_host), "--qemu", self.fake_qemu("10.0.13", ["sev-snp-guest"]), "--memory", "8G")
        self.assertTrue(good, status)
        self.assertEqual(set(status.values()), {"ok"})
        self.assertIn("kvm-sev-snp", status)

    def test_a_tdx_host_that_has_everything_is_good(self):
        good, status = self.doctor(self.root(self.tdx_host), "--qemu", self.fake_qemu("11.1.3", ["tdx-guest"]), "--memory", "8G")
        self.assertTrue(good, status)
        self.assertEqual(set(status.values()), {"ok"})

    def test_each_thing_that_is_missing_is_its_own_line(self):
        qemu_good = self.fake_qemu("10.0.13", ["sev-snp-guest"])
        for change, row in (
            ({"/proc/cpuinfo": "vendor_id : AuthenticAMD\nflags : fpu sev sev_es sev_snp_not not_sev_snp\n"}, "cpu-sev-snp"),
            ({"/proc/sys/kernel/osrelease": "6.10.0\n"}, "kernel-snp"),
            ({"/proc/sys/kernel/osrelease": "nonsense\n"}, "kernel-snp"),
            ({"/sys/module/kvm_amd/parameters/sev_snp": "N\n"}, "kvm-sev-snp"),
            ({"/dev/sev": None}, "sev-device"),
            ({"/dev/kvm": None}, "kvm"),
            ({"/sys/class/iommu/ivhd0/x": None}, "iommu"),
            ({"/proc/meminfo": "MemAvailable: 1024 kB\n"}, "memory"),
        ):
            with tempfile.TemporaryDirectory() as self.directory.name:
                files = {k: v for k, v in {**self.snp_host, **change}.items() if v is not None}
                good, status = self.doctor(self.root(files), "--qemu", qemu_good, "--memory", "8G")
                self.assertFalse(good, row)
                self.assertEqual([name for name, s in status.items() if s == "MISSING"], [row])

    def test_qemu_is_asked(self):
        root = self.root(self.snp_host)
        self.assertEqual(self.doctor(root, "--qemu", self.fake_qemu("9.0.2", ["sev-snp-guest"]))[1]["qemu-snp"], "MISSING")
        self.assertEqual(self.doctor(root, "--qemu", self.fake_qemu("10.0.2", ["sev-guest", "sev-snp-guest-x"]))[1]["qemu-sev-snp-guest"], "MISSING")
        self.assertEqual(self.doctor(root, "--qemu", "/nonexistent")[1]["qemu-snp"], "MISSING")

    def test_what_can_be_done_without_is_advice(self):
        files = {k: v for k, v in self.snp_host.items() if k != "/dev/vhost-vsock"}
        good, status = self.doctor(self.root(files), "--qemu", self.fake_qemu("10.0.13", ["sev-snp-guest"]))
        self.assertTrue(good)
        self.assertEqual(status["vhost-vsock"], "advice")

    def test_a_guest(self):
        files = {
            "/proc/cpuinfo": "flags : fpu sev_snp\n", "/proc/sys/kernel/osrelease": "6.12.1\n", "/sys/kernel/config/tsm/report/x": "", "/dev/sev-guest": "",
            "/proc/swaps": "Filename Type Size Used Priority\n", "/sys/kernel/security/lockdown": "none integrity [confidentiality]\n",
        }
        good, status = self.doctor(self.root(files), "--guest", "--platform", "snp")
        self.assertTrue(good, status)
        files["/proc/swaps"] += "/dev/vda2 partition 1 0 -2\n"
        files["/sys/kernel/security/lockdown"] = "[none] integrity confidentiality\n"
        good, status = self.doctor(self.root(files), "--guest", "--platform", "snp")
        self.assertEqual((good, status["guest-swap"], status["guest-lockdown"]), (False, "MISSING", "advice"))

    def test_a_remedy_is_said(self):
        result = self.run_it("doctor", "--root", self.root({"/proc/cpuinfo": "vendor_id : GenuineIntel\nflags : fpu\n"}), "--qemu", "/nonexistent")
        self.assertEqual(result.returncode, ENCLAVE)
        self.assertIn("kvm_intel.tdx=1", result.stdout)
        self.assertIn("MISSING", result.stdout)

    def test_wrong_use(self):
        for arguments, words in ((("--host", "--guest"), "one of the two"), (("--platform", "x"), "x"), (("--memory", "x"), "x"), (("y",), "y")):
            result = self.run_it("doctor", *arguments)
            self.assertEqual(result.returncode, USAGE)
            self.assertIn(words, result.stderr)

    def test_launch_says_what_the_host_lacks_and_starts_nothing(self):
        marker = self.path("started")
        program = self.file("bin/q", f"#!/bin/sh\n[ $# -gt 3 ] && : >'{marker}'\n".encode(), 0o755)
        result = self.launch("--platform", "tdx", "--vsock-cid", "7", "--qemu", program, "--firmware", self.file("fw", b"no firmware"))
        self.assertEqual(result.returncode, ENCLAVE, result.stderr)
        for row in ("qemu-tdx", "firmware-tdx", "cpu-tdx"):
            self.assertIn("missing " + row, result.stderr)
        self.assertFalse(os.path.exists(marker))


HERE = all(os.path.exists(f) for f in (qemu, kernel, snp_firmware))


@unittest.skipUnless(HERE, "deps/qemu, deps/kernel or deps/firmware is not here")
class Boot(Case):
    """A machine, for real: the firmware that SEV-SNP would run, Debian's kernel, and a program in place of init."""

    init = r"""
        #include <sys/reboot.h>
        #include <unistd.h>
        #include <string.h>
        static void say(const char *text) { (void)!write(1, text, strlen(text)); }
        int main(void)
        {
            say("2026-01-01T00:00:00Z listening port=7878\n");
            LAST
            reboot(RB_POWER_OFF);
            return 0;
        }
    """

    def machine(self, last=""):
        source = self.file("init.c", self.init.replace("LAST", last).encode())
        subprocess.run(["cc", "-static", "-O1", "-o", self.path("init"), source], check=True)
        content = read(self.path("init"))
        self.file("image/initrd", gzip.compress(newc([("dev", 0o40755, b""), ("init", 0o100755, content)])))
        self.file("image/vmlinuz", read(kernel))
        self.file("image/cmdline", b"console=ttyS0 quiet panic=-1 no_timer_check\n")
        return ("--platform", "simulated", "--accel", "tcg", "--memory", "512M", "--port", str(20000 + os.getpid() % 20000),
                "--qemu", qemu, "--firmware", snp_firmware, "--root-out", self.path("root.pem"), "--chain", os.path.join(tempfile.gettempdir(), "enclume-test-chain"),
                "--simulator", simulator)

    def test_a_machine_boots_and_is_measured_as_its_files_say(self):
        began = time.monotonic()
        result = self.launch(*self.machine(), "--cmdline-out", self.path("cmdline"), "--policy-out", self.path("policy.json"))
        self.assertEqual(result.returncode, 0, result.stderr[-2000:])
        self.assertIn("the machine answers, after", result.stderr)
        self.assertIn("SIMULATED", result.stderr)
        self.assertTrue(read(self.path("root.pem")).startswith(b"-----BEGIN CERTIFICATE-----"))
        measured = self.run_it("measure", "snp", "--firmware", snp_firmware, "--kernel", self.path("image/vmlinuz"), "--initrd", self.path("image/initrd"),
                               "--cmdline", self.path("cmdline"), "--vcpu-model", "EPYC-Genoa").stdout.strip()
        self.assertEqual(len(measured), 96)
        self.assertIn("enclume-simulator: measurement " + measured, result.stderr)
        self.assertEqual(json.loads(read(self.path("policy.json"))), {"version": 1, "snp": {"measurements": [measured]}})
        self.no_other_command_line_is_started(1.5 * (time.monotonic() - began) + 2)

    def no_other_command_line_is_started(self, patience):
        """The simulator is given one command line to measure, and QEMU another: the firmware finds another hash, and nothing runs."""
        words = split(self.launch(*self.machine(), "--dry-run").stdout)
        at = words.index("--") + 1
        words[at] = self.file("bin/qemu", f'#!/bin/bash\nargs=("${{@/quiet/other}}")\nexec {shlex.quote(qemu)} "${{args[@]}}"\n'.encode(), 0o755)
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.addCleanup(child.stdout.close)
        time.sleep(patience)
        self.assertIsNone(child.poll())
        child.terminate()
        said = child.stdout.read()
        child.wait(timeout=30)
        self.assertNotIn(b"listening", said)
        self.assertNotIn(b"Linux version", said)

    def test_the_tables_that_qemu_makes_give_the_first_register(self):
        """What follows from the tables (pointer to the root, script) is what QEMU itself hands out, to the last byte."""
        self.machine()
        firmware = os.path.join(deps, "qemu/usr/share/ovmf/OVMF.fd")
        machine = ["--image", self.image, "--memory", "512M", "--vcpus", "2", "--firmware", firmware]
        tables = subprocess.run([sys.executable, "-B", os.path.join(source, "deploy/acpi-tables"), self.path("acpi"), "--", enclume, "launch", "--platform", "tdx",
                                 "--vsock-cid", "7", "--qemu", qemu, *machine], capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(tables.returncode, 0, tables.stderr)
        measure = ["measure", "tdx", "--kernel", self.path("image/vmlinuz"), "--initrd", self.path("image/initrd"), "--cmdline", self.path("image/cmdline"),
                   *machine[2:], "--json", "--acpi-tables", self.path("acpi/acpi-tables.bin")]
        derived = self.run_it(*measure)
        self.assertEqual(derived.returncode, 0, derived.stderr)
        given = self.run_it(*measure, "--rsdp", self.path("acpi/rsdp.bin"), "--table-loader", self.path("acpi/table-loader.bin"))
        self.assertEqual(derived.stdout, given.stdout)
        self.assertRegex(json.loads(derived.stdout)["rtmr0"], "^[0-9a-f]{96}$")
        # Later firmware measures SMBIOS too. All of it is there but the server's processor.
        later = (*measure, "--firmware-version", "2025.05", "--smbios-tables", self.path("acpi/smbios.bin"))
        emulated = self.run_it(*later)
        self.assertEqual(emulated.returncode, USAGE, emulated.stdout)
        self.assertIn("give the server's", emulated.stderr)
        self.assertRegex(json.loads(self.run_it(*later, "--processor-id", "f8060c00fffb8b0f").stdout)["rtmr0"], "^[0-9a-f]{96}$")
        self.assertIn("processors", self.run_it(*measure[:measure.index("--vcpus")], *measure[measure.index("--vcpus") + 2:], "--vcpus", "3").stderr)

    def test_a_machine_that_stops_itself_says_why(self):
        result = self.launch(*self.machine('say("enclume-init: stopped: model-root: wanted another\\n"); usleep(200000);'))
        self.assertEqual(result.returncode, ENCLAVE, result.stderr[-2000:])
        self.assertIn("the machine stopped itself: model-root: wanted another", result.stderr)

    def test_a_machine_cannot_drive_the_terminal(self):
        """Not with a control character in two parts either, and what it says may be whole letters in two parts."""
        words = b"0 \xc2", b"\x9b31m \xc2\x07\x9b32m \xc3", b"\xa9 end\n"
        program = "#!/bin/sh\n" + "".join("printf '%s'; sleep 0.3\n" % "".join("\\%03o" % c for c in word) for word in words)
        fake = self.file("bin/qemu", program.encode(), 0o755)
        arguments = [fake if word == qemu else word for word in self.machine()]
        ours, theirs = pty.openpty()
        with subprocess.Popen([enclume, "launch", "--image", self.image, *arguments, "--unchecked"], stdout=theirs, stderr=subprocess.PIPE) as child:
            error = child.stderr.read()
        self.assertTrue(select.select([ours], [], [], 0)[0], error[-2000:])
        said = os.read(ours, 4096)
        os.close(theirs)
        os.close(ours)
        self.assertEqual(said, "0 31m 32m \u00e9 end\r\n".encode(), error[-2000:])

    def test_a_signal_stops_the_machine(self):
        child = subprocess.Popen([enclume, "launch", "--image", self.image, *self.machine("for (;;) sleep(1);")], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.stderr.close)
        for line in child.stderr:
            if "the machine answers" in line:
                break
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(timeout=60), 0)
        self.assertIn("the machine was stopped", child.stderr.read())


if part == "boot":
    del Parse, Doctor
    if not HERE:
        print("skipped: deps/qemu, deps/kernel or deps/firmware is not here")
        sys.exit(77)
else:
    del Boot
unittest.main(argv=[sys.argv[0]], verbosity=2)
