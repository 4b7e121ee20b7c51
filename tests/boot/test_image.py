#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""image/build: the same bytes wherever it is built, nothing in them but what is listed, and a model volume that veritysetup takes for its own.

    test_image.py SOURCE PROGRAMS DEPS SCRATCH [unittest options]
"""
import gzip
import hashlib
import json
import subprocess
import sys
import unittest

from machine import Place

PLACE = None
IMAGE = None
FILES = ("vmlinuz", "initrd", "cmdline", "manifest.json")
LIMIT = 64_000_000
NAMES = {
    "dev", "dev/console", "devices", "enclumed", "init", "lib", "modules", "proc", "sys",
    *(f"lib/{name}.ko" for name in (
        "configfs", "dm-bufio", "dm-mod", "dm-verity", "failover", "net_failover", "reed_solomon", "sev-guest", "sha256-ssse3", "tdx-guest",
        "tsm", "virtio_blk", "virtio_net", "vmw_vsock_virtio_transport", "vmw_vsock_virtio_transport_common", "vsock"))}
# What the test image has and the release image must not.
TEST_TEXTS = (b"enclume-chip", b"enclume.chip", b"chip-relay", b"enclume_chip", b"SIMULATED chip", b"probe: ")
# And what images with another server have, of which init in the release image knows nothing.
SERVER_TEXTS = (b"server.list", b"/server", b"engine.sock", b"enclume-gpus", b"nvidia", b"GPUs", b"the inference server")
SIGNED = b"~Module signature appended~\n"


def setUpModule():
    global IMAGE
    PLACE.fetch("kernel")
    PLACE.begin()
    IMAGE = PLACE.image()


def tearDownModule():
    PLACE.end()


def archive(path):
    """The entries of a newc archive: name, mode, content; and every number of each header."""
    data = gzip.decompress(path.read_bytes())
    at = 0
    while True:
        assert data[at:at + 6] == b"070701", at
        numbers = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        size, name_size = numbers[6], numbers[11]
        name = data[at + 110:at + 109 + name_size].decode()
        start = (at + 110 + name_size + 3) & ~3
        at = (start + size + 3) & ~3
        if name == "TRAILER!!!":
            assert data[at:].strip(b"\0") == b"", "bytes after the archive"
            return
        yield name, numbers, data[start:start + size]


class Reproducible(unittest.TestCase):
    def test_two_directories(self):
        """The source in another directory, with a longer name; Enclume is compiled in both (OpenSSL, llama.cpp and the kernel are shared)."""
        source = PLACE.here / ("a-directory-with-a-longer-name" + len(str(PLACE.source)) * "-") / "and-another"
        source.mkdir(parents=True)
        files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=PLACE.source, capture_output=True,
                               check=True).stdout
        tar = subprocess.run(["tar", "-c", "--null", "-T", "-"], cwd=PLACE.source, input=files, capture_output=True, check=True)
        subprocess.run(["tar", "-x"], cwd=source, input=tar.stdout, check=True)
        PLACE.build(source / "out", source=source, work=source / "work")
        for file in FILES:
            there, here = (hashlib.sha256((image / file).read_bytes()).hexdigest() for image in (source / "out", IMAGE))
            self.assertEqual(there, here, file)


class Contents(unittest.TestCase):
    def test_size(self):
        size = sum((IMAGE / file).stat().st_size for file in ("vmlinuz", "initrd"))
        print(f"kernel and initrd: {size} bytes", flush=True)
        self.assertLess(size, LIMIT)

    def test_names(self):
        """These files and no others, owned by root, of no time, executable only where they are executed."""
        names = set()
        for name, numbers, _ in archive(IMAGE / "initrd"):
            names.add(name)
            _, mode, uid, gid, _, time, *_ = numbers
            self.assertEqual((uid, gid, time), (0, 0, 0), name)
            kind = mode & 0o170000
            self.assertEqual(mode & 0o7022, 0, f"{name}: set-user-ID, or writable by others")
            if kind == 0o100000:
                self.assertEqual(mode & 0o111 != 0, name in ("init", "enclumed"), name)
        self.assertEqual(names, NAMES)

    def test_nothing_of_the_tests(self):
        for name, _, content in archive(IMAGE / "initrd"):
            for text in TEST_TEXTS:
                self.assertFalse(text in content, f"{name} has {text}")

    def test_it_would_be_seen(self):
        """The same search finds what the test image has."""
        PLACE.fetch("kernel-headers")
        test = PLACE.image("--test")
        found = {text for _, _, content in archive(test / "initrd") for text in TEST_TEXTS if text in content}
        names = {name for name, _, _ in archive(test / "initrd")}
        self.assertEqual(names - NAMES, {"chip-relay", "lib/enclume_chip.ko"})
        self.assertEqual(found, set(TEST_TEXTS) - {b"probe: "})
        for program in ("init", "enclumed"):
            both = [next(content for name, _, content in archive(image / "initrd") if name == program) for image in (IMAGE, test)]
            self.assertEqual(both[0], both[1], f"{program} of the test image is another")

    def test_nothing_of_another_server(self):
        """An image with a server has all of it; the release image, built again beside it, is the same as before and has nothing."""
        tree = PLACE.here / "server/tree/bin"
        tree.mkdir(parents=True)
        (tree / "true").write_bytes(b"\x7fELF")
        (PLACE.here / "server/list").write_text("program /bin/true\n")
        other = PLACE.here / "server-image"
        PLACE.build(other, "--server", PLACE.here / "server")
        names = {name for name, _, _ in archive(other / "initrd")}
        mounted = {f"server/{name}" for name in ("dev", "proc", "run", "sys", "tmp")}
        self.assertEqual(names - NAMES, {"run", "server", "server.list", "server/bin", "server/bin/true", *mounted})
        self.assertEqual(NAMES - names, set())
        again = PLACE.here / "again"
        PLACE.build(again)
        for file in FILES:
            self.assertEqual((again / file).read_bytes(), (IMAGE / file).read_bytes(), file)
        for image, wanted in ((IMAGE, False), (other, True)):
            init = next(content for name, _, content in archive(image / "initrd") if name == "init")
            for text in SERVER_TEXTS:
                self.assertEqual(text in init, wanted, f"{image}: {text}")
        programs = [next(content for name, _, content in archive(image / "initrd") if name == "enclumed") for image in (IMAGE, other)]
        self.assertEqual(programs[0], programs[1])

    def test_static(self):
        """No program interpreter: nothing is loaded beside what is measured."""
        for name, _, content in archive(IMAGE / "initrd"):
            if name in ("init", "enclumed"):
                self.assertEqual(content[:4], b"\x7fELF")
                offset = int.from_bytes(content[32:40], "little")
                count = int.from_bytes(content[56:58], "little")
                kinds = [int.from_bytes(content[offset + 56 * i:offset + 56 * i + 4], "little") for i in range(count)]
                self.assertNotIn(3, kinds, f"{name} has PT_INTERP")
                for path in (b"/home/", b"/root/", str(PLACE.source).encode()):
                    self.assertFalse(path in content, f"{name} names {path}, a directory of the machine it was built on")

    def test_modules(self):
        listed = {}
        contents = {}
        for name, _, content in archive(IMAGE / "initrd"):
            if name == "modules":
                listed = {line.split()[1] for line in content.decode().splitlines()}
            if name.startswith("lib/"):
                contents[name[4:]] = content
        self.assertEqual(listed, set(contents))
        for name, content in contents.items():
            self.assertTrue(content.endswith(SIGNED), f"{name} lost its signature")

    def test_command_line(self):
        words = (IMAGE / "cmdline").read_text().split()
        for word in ("lockdown=confidentiality", "module.sig_enforce=1", "init_on_free=1", "panic=-1", "initcall_blacklist=acpi_init"):
            self.assertIn(word, words)
        self.assertEqual([w for w in words if w.startswith("enclume.")], [])

    def test_manifest(self):
        manifest = json.loads((IMAGE / "manifest.json").read_text())
        self.assertEqual((manifest["bomFormat"], manifest["specVersion"]), ("CycloneDX", "1.5"))
        components = {c["name"]: c for c in manifest["components"]}
        for file in ("vmlinuz", "initrd", "cmdline"):
            self.assertEqual(components[file]["hashes"][0]["content"], hashlib.sha256((IMAGE / file).read_bytes()).hexdigest())
        for name in ("enclume", "openssl", "llama.cpp llama", "jansson", "libuv", "libc.a", "gcc", "binutils"):
            self.assertRegex(components[name]["hashes"][0]["content"], r"^[0-9a-f]{64}$")
            self.assertNotIn(components[name]["version"], ("", "unknown"), name)
        kernel = [n for n in components if n.startswith("linux-image-6.12.")]
        self.assertEqual(len(kernel), 1)


class Volume(unittest.TestCase):
    """enclume model pack, against cryptsetup's veritysetup."""

    def setUp(self):
        PLACE.fetch("qemu")
        self.veritysetup = PLACE.deps / "qemu/bin/veritysetup"

    def pack(self, size):
        file = PLACE.here / "model.gguf"
        # Neither zeros nor a short period: each block has a digest of its own.
        block = hashlib.sha512
        data = b"GGUF" + b"".join(block(i.to_bytes(8, "big")).digest() for i in range(size // 64 + 1))
        file.write_bytes(data[:size])
        done = PLACE.enclume("model", "pack", file, "--output", PLACE.here / "volume", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual(said["sha256"], hashlib.sha256(file.read_bytes()).hexdigest())
        self.assertEqual(said["size"], size)
        self.assertEqual(said["volume_size"], (PLACE.here / "volume").stat().st_size)
        return said["root"], (size + 4095) // 4096 * 4096

    def verify(self, root, offset):
        volume = PLACE.here / "volume"
        return subprocess.run([self.veritysetup, "verify", volume, volume, root, f"--hash-offset={offset}"], capture_output=True,
                              check=False).returncode

    def test_sizes(self):
        for size in (4, 4095, 4096, 4097, 128 * 4096, 128 * 4096 + 1, 128 * 128 * 4096 + 1):
            with self.subTest(size=size):
                root, offset = self.pack(size)
                self.assertEqual(self.verify(root, offset), 0)

    def test_the_same_twice(self):
        first = self.pack(300000), (PLACE.here / "volume").read_bytes()
        second = self.pack(300000), (PLACE.here / "volume").read_bytes()
        self.assertEqual(first, second)

    def test_a_changed_byte(self):
        root, offset = self.pack(300000)
        volume = PLACE.here / "volume"
        data = bytearray(volume.read_bytes())
        data[4096 * 7 + 9] ^= 0x80
        volume.write_bytes(data)
        self.assertNotEqual(self.verify(root, offset), 0)

    def test_refused(self):
        for content, text in ((b"", "0 bytes"), (b"PK\3\4 something else", "not a GGUF file")):
            file = PLACE.here / "wrong.gguf"
            file.write_bytes(content)
            volume = PLACE.here / "none"
            done = PLACE.enclume("model", "pack", file, "--output", volume)
            self.assertEqual(done.returncode, 2)
            self.assertIn(text, done.stderr)
            self.assertFalse(volume.exists())
            self.assertEqual(list(PLACE.here.glob("none*")), [])
        self.assertEqual(PLACE.enclume("model", "pack").returncode, 2)
        self.assertEqual(PLACE.enclume("model", "pack", PLACE.here / "nothing").returncode, 2)


if __name__ == "__main__":
    PLACE = Place(*sys.argv[1:5])
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]], verbosity=2)
