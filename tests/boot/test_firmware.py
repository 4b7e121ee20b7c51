#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What enclume measure tdx says of a firmware's events, held against what the firmware measures.

    test_firmware.py SOURCE PROGRAMS DEPS SCRATCH [unittest options]

edk2 measures into a TPM by the same code as into a TD's registers, in the same order, PCR 1 and 7 being RTMR0, PCR 4 and 5 RTMR1, PCR 9 RTMR2 (TCG and UEFI
specifications, section 38.4.1). So a machine with a TPM in software, emulated, with Debian's firmware of edk2 2026.08, keys of our own for Secure Boot and a kernel
that they admit, leaves a log of what a TD with that firmware would measure, by the same hash. What is a TD's alone (its memory's list, its configuration volume)
is not in it.
"""
import importlib.util
import importlib.machinery
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from machine import Place, skip, wait_for

PLACE = None
SHA384, VERSION = 0x0C, "2026.08"
MEBIBYTES = 256
MEMORY = f"{MEBIBYTES}M"
STORE_AT, STORE_HEADER = 0x48, 28
GLOBAL, DATABASE = "8be4df61-93ca-11d2-aa0d-00e098032b8c", "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
X509 = "a5c059a1-94e4-4aa7-87b5-ab155c2bf072"
OWNER = "77fa9abd-0359-4d32-bd60-28f4e78f784b"
RTMR_OF_PCR = {1: 0, 7: 0, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, **{pcr: 2 for pcr in range(8, 16)}}
# A TD's own: in no other machine's log.
TDX_ALONE = {"TD HOB", "configuration volume", "fw_cfg BootMenu", "fw_cfg bootorder"}


def setUpModule():
    if shutil.which("swtpm") is None or shutil.which("openssl") is None:
        skip("swtpm or openssl is not installed (deps/packages check)")
    PLACE.fetch("qemu", "kernel", "ovmf")
    PLACE.begin()


def tearDownModule():
    PLACE.end()


def tables_script():
    loader = importlib.machinery.SourceFileLoader("acpi_tables", str(PLACE.source / "deploy/acpi-tables"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("acpi_tables", loader))
    loader.exec_module(module)
    return module


def guid(text):
    a, b, c, d, e = text.split("-")
    return struct.pack("<IHH", int(a, 16), int(b, 16), int(c, 16)) + bytes.fromhex(d + e)


def signature_list(*certificates):
    """EFI_SIGNATURE_LISTs of one certificate each."""
    return b"".join(guid(X509) + struct.pack("<III", 28 + 16 + len(c), 0, 16 + len(c)) + guid(OWNER) + c for c in certificates)


def variable(name, vendor, value):
    text = name.encode("utf-16-le") + b"\0\0"
    time_stamp = struct.pack("<HBBBBBBIhBB", 2026, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)
    whole = struct.pack("<HBBIQ", 0x55AA, 0x3F, 0, 0x27, 0) + time_stamp + struct.pack("<III", 0, len(text), len(value)) + guid(vendor) + text + value
    return whole + b"\xff" * (-len(whole) % 4)


def with_variables(store, variables):
    """The store of variables that Debian ships, which is empty, with these in it."""
    at = STORE_AT + STORE_HEADER
    assert store[at : at + 2] == b"\xff\xff", "the store is not empty"
    content = b"".join(variables)
    return store[:at] + content + store[at + len(content) :]


def signer_of(kernel):
    """The certificate of an EFI program's signature, DER: of PKCS 7 in the PE's security directory."""
    data = kernel.read_bytes()
    pe = struct.unpack_from("<I", data, 0x3C)[0]
    at, size = struct.unpack_from("<II", data, pe + 24 + 112 + 4 * 8)
    assert size > 8, "the kernel is not signed"
    length = struct.unpack_from("<I", data, at)[0]
    pem = subprocess.run(["openssl", "pkcs7", "-inform", "DER", "-print_certs"], input=data[at + 8 : at + length], check=True, capture_output=True).stdout
    return der_of(pem)


def der_of(pem):
    return subprocess.run(["openssl", "x509", "-outform", "DER"], input=pem, check=True, capture_output=True).stdout


def own_certificate():
    return der_of(subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=platform key", "-days", "2"],
                                 check=True, capture_output=True).stdout)


def log_in(memory):
    """The longest event log in it, as (PCR, SHA-384) (TCG PC Client Platform Firmware Profile, section 10)."""
    best, at = [], memory.find(b"Spec ID Event03\0")
    while at >= 32:
        try:
            events = list(events_at(memory, at - 32))
        except (struct.error, IndexError):
            events = []
        best = max(best, events, key=len)
        at = memory.find(b"Spec ID Event03\0", at + 1)
    return best


def events_at(memory, at):
    at += 32 + struct.unpack_from("<I", memory, at + 28)[0]
    sizes = {0x04: 20, 0x0B: 32, SHA384: 48, 0x0D: 64, 0x12: 32}
    while True:
        pcr, kind, count = struct.unpack_from("<III", memory, at)
        if pcr > 24 or not 0 < count <= len(sizes):
            return
        at += 12
        digests = {}
        for _ in range(count):
            algorithm = struct.unpack_from("<H", memory, at)[0]
            digests[algorithm] = memory[at + 2 : at + 2 + sizes.get(algorithm, 0)].hex()
            at += 2 + sizes.get(algorithm, 0)
        size = struct.unpack_from("<I", memory, at)[0]
        data = memory[at + 4 : at + 4 + size]
        at += 4 + size
        if kind != 3:  # EV_NO_ACTION
            yield pcr, kind, digests.get(SHA384), data


class Firmware:
    """The machine, started and seen through, and what is left of it: its event log and the tables that it had."""

    def __init__(self, variables, cmdline, smm):
        here = pathlib.Path(tempfile.mkdtemp(dir=PLACE.here))
        ovmf, script = PLACE.deps / "ovmf", tables_script()
        self.cmdline, self.initrd, self.kernel = here / "cmdline", here / "initrd", PLACE.deps / "kernel/vmlinuz"
        self.cmdline.write_text(cmdline)
        self.initrd.write_bytes(b"no initial file system\n")
        (here / "disk").write_bytes(bytes(1 << 20))
        store = with_variables((ovmf / "OVMF_VARS_4M.fd").read_bytes(), variables)
        (here / "variables").write_bytes(store)
        whole = (ovmf / "OVMF.fd").read_bytes()
        self.firmware = here / "firmware"
        self.firmware.write_bytes(store + whole[len(store) :])
        tpm = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={here}", "--ctrl", f"type=unixio,path={here}/tpm", "--flags",
                                "not-need-init"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: (here / "tpm").exists(), "swtpm")
        code = "OVMF_CODE_4M.secboot.fd" if smm else "OVMF_CODE_4M.fd"
        command = [PLACE.qemu, "-machine", f"q35,smm={'on' if smm else 'off'}", "-accel", "tcg", "-cpu", "max,family=6,model=143,stepping=8", "-m", MEMORY, "-nodefaults", "-display",
                   "none", "-no-reboot", "-serial", f"file:{here}/serial", *(["-global", "driver=cfi.pflash01,property=secure,value=on"] if smm else []),
                   "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={ovmf}/{code}",
                   "-drive", f"if=pflash,format=raw,unit=1,file={here}/variables",
                   "-chardev", f"socket,id=tpm,path={here}/tpm", "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm0",
                   "-drive", f"if=none,id=model,file={here}/disk,format=raw,readonly=on", "-device", "virtio-blk-pci,drive=model,disable-legacy=on",
                   "-kernel", self.kernel, "-initrd", self.initrd, "-append", cmdline, "-qmp", f"unix:{here}/monitor,server=on,wait=off"]
        process = subprocess.Popen([str(a) for a in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            monitor = script.Monitor(f"{here}/monitor", process)
            serial = here / "serial"
            wait_for(lambda: b"Linux version" in serial.read_bytes() or process.poll() is not None, "the kernel starts")
            assert process.poll() is None, process.stderr.read() + serial.read_bytes()
            monitor.ask("stop")
            memory = script.memory_of(monitor, here, 0, MEBIBYTES << 20)
            self.log = log_in(memory)
            self.smbios = self.kept(here, "smbios", script.smbios_in(monitor, here))
            self.tables = {name: self.kept(here, script.FILES[name], content) for name, content in script.tables_of(monitor).items()}
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
            tpm.kill()
            tpm.wait()

    def kept(self, here, name, content):
        (here / name).write_bytes(content)
        return here / name

    def measured(self, secure_boot):
        done = PLACE.enclume("measure", "tdx", "--firmware", self.firmware, "--firmware-version", VERSION, "--memory", MEMORY, "--vcpus", 1,
                             "--kernel", self.kernel, "--initrd", self.initrd, "--cmdline", self.cmdline, "--secure-boot", secure_boot,
                             "--acpi-tables", self.tables["etc/acpi/tables"], "--rsdp", self.tables["etc/acpi/rsdp"],
                             "--table-loader", self.tables["etc/table-loader"], "--smbios-tables", self.smbios, "--events", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


class Measured(unittest.TestCase):
    def check(self, machine, secure_boot, late=()):
        """Each event that is computed is in the log, and in each register in the same order; late: but for these."""
        measured = machine.measured(secure_boot)
        log = [(RTMR_OF_PCR.get(pcr), digest) for pcr, _, digest, _ in machine.log]
        for rtmr in range(3):
            place, all_of_it = 0, [digest for r, digest in log if r == rtmr]
            for event in measured["events"]:
                if event["rtmr"] != rtmr or event["name"] in TDX_ALONE:
                    continue
                rest = all_of_it if event["name"] in late else all_of_it[place:]
                self.assertIn(event["digest"], rest, f"{event['name']} of RTMR{rtmr}, behind {place}:\n{self.shown(machine)}")
                place += 0 if event["name"] in late else rest.index(event["digest"]) + 1
        return measured

    def shown(self, machine):
        return "\n".join(f"{pcr} {kind:#x} {digest} {data[:60]!r}" for pcr, kind, digest, data in machine.log)

    def test_secure_boot(self):
        """Keys, and which of them admits the kernel. Debian has Secure Boot with SMM alone, where the variables' driver, and so the TPM's, starts later than in a
        TD's firmware, and the boot options come before SMBIOS."""
        own, signer = own_certificate(), signer_of(PLACE.deps / "kernel/vmlinuz")
        machine = Firmware([variable("PK", GLOBAL, signature_list(own)), variable("KEK", GLOBAL, signature_list(own)),
                            variable("db", DATABASE, signature_list(signer)), variable("dbx", DATABASE, signature_list(own))], "console=ttyS0 panic=0",
                           smm=True)
        measured = self.check(machine, "off", late={"SMBIOS"})
        self.assertNotEqual(measured["rtmr0"], "any")
        self.assertIn("db, what admits the kernel", {event["name"] for event in measured["events"]})

    def test_without_secure_boot(self):
        """Drivers in the order of a TD's firmware."""
        measured = self.check(Firmware([], "console=ttyS0 panic=0 other=word", smm=False), "absent")
        self.assertIn("SMBIOS", {event["name"] for event in measured["events"]})


if __name__ == "__main__":
    PLACE = Place(*sys.argv[1:5])
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]], verbosity=2)
