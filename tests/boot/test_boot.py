#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The guest image, booted: a verified prompt is answered, and every tampering is noticed. See machine.py.

    test_boot.py SOURCE PROGRAMS DEPS SCRATCH [unittest options]
"""
import os
import re
import socket
import subprocess
import sys
import time
import unittest

from capture import check_stream, streams_of_pcap
from machine import Machine, Network, Place, Vsock, skip

PLACE = None
VOLUME = None
IMAGES = {}
MODEL_DIGEST = WORDS = ""
CANARY = "zebrafish-7319"
PROMPTS = int(os.environ.get("ENCLUME_BOOT_PROMPTS", "3")) # 100 are the bar, and take a quarter of an hour
REFUSED, NETWORK = 1, 3


def setUpModule():
    global VOLUME, MODEL_DIGEST, WORDS
    PLACE.fetch("qemu", "firmware", "kernel", "kernel-headers")
    if not PLACE.model.exists():
        skip("there is no model (deps/model)")
    PLACE.begin()
    VOLUME = PLACE.here / "volume"
    done = PLACE.enclume("model", "pack", PLACE.model, "--output", VOLUME)
    assert done.returncode == 0, done.stderr
    MODEL_DIGEST = re.search(r"^sha256 (\w+)$", done.stdout, re.M).group(1)
    WORDS = re.search(r"^enclume\.model=.*$", done.stdout, re.M).group(0)


def tearDownModule():
    PLACE.end()


def image(*options):
    """Built when it is first wanted."""
    if options not in IMAGES:
        output = PLACE.here / "-".join(("image", *options))
        PLACE.image(output, *options)
        IMAGES[options] = output
    return IMAGES[options]


def test_image():
    return image("--test")


def base_of(directory):
    """The fixed part of the command line."""
    return (directory / "cmdline").read_text().rstrip()


def chat(machine, measurement, *more, prompt="Once upon a time", **options):
    return PLACE.enclume("chat", "--connect", machine.address, "--measurement", measurement, "--trust-simulated", machine.root,
                         "--max-tokens", "8", "--temperature", "0", *more, prompt, **options)


def good_measurement(way):
    """Of the files as they were built, whatever a machine was started with."""
    return PLACE.measure(test_image(), f"{base_of(test_image())} {WORDS} {way.words}")


def machine(way, **options):
    options.setdefault("volume", VOLUME)
    directory = options.pop("directory", None) or test_image()
    return Machine(PLACE, directory, way, options.pop("words", WORDS), **options)


class Answers(unittest.TestCase):
    def check_no_canary(self, *files):
        for file in files:
            self.assertFalse(CANARY.encode() in file.read_bytes(), f"{file} holds the prompt")

    def check_no_answer(self, answers, *files):
        """No longer word of any answer; which words the volume has is the model's."""
        words = {word for answer in answers for word in answer.split() if len(word) > 6}
        for file in files:
            data = file.read_bytes()
            for word in words:
                self.assertFalse(word.encode() in data, f"{file} holds the answer's {word}")

    def check_channel(self, streams, least):
        """Each byte is of the channel: so many connections, each with a handshake and records behind it."""
        counts = [check_stream(stream) for stream in streams]
        self.assertGreaterEqual(sum(count > 0 for count in counts), least)
        return sum(counts)

    def test_vsock(self):
        """No IP network: verified prompts are answered, the host sees the channel and nothing else, and a plug that is pulled is an error at once."""
        way = Vsock(PLACE)
        with machine(way) as m:
            boot = m.wait_ready()
            first = chat(m, good_measurement(way), "--model-digest", MODEL_DIGEST, prompt=f"The {CANARY} said")
            ready = time.monotonic() - m.started
            self.assertEqual(first.returncode, 0, first.stderr + m.serial())
            self.assertIn("SIMULATED", first.stderr)
            self.assertNotEqual(first.stdout.strip(), "")
            print(f"boot to listening {boot:.1f} s, to a verified answer {ready:.1f} s (TCG)", flush=True)
            self.assertIsNone(way.connect(22), "another vsock port answers")
            answers = [first.stdout]
            for _ in range(PROMPTS - 1):
                more = chat(m, good_measurement(way), prompt=f"The {CANARY} said")
                self.assertEqual(more.returncode, 0, more.stderr + m.serial())
                answers.append(more.stdout)
            whole = list(way.streams)

            asking = subprocess.Popen([str(a) for a in (
                PLACE.programs / "enclume", "chat", "--connect", m.address, "--measurement", good_measurement(way), "--trust-simulated", m.root,
                "--max-tokens", "200", "--temperature", "0", "Once upon a time")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertNotEqual(asking.stdout.read(1), b"", "no answer began")
            m.kill()
            killed = time.monotonic()
            _, said = asking.communicate(timeout=60)
            self.assertEqual(asking.returncode, NETWORK, said)
            self.assertIn(b"ended without an authenticated end", said)
            print(f"the client knew {time.monotonic() - killed:.2f} s after the machine was killed", flush=True)

            # From here on: all of its life, as the host has it.
            count = self.check_channel(whole, PROMPTS)
            check_stream(way.streams[-1], may_be_cut=True)
            self.assertEqual(len(way.streams), len(whole) + 1)
            seen = b"".join(bytes(s.to_guest) + bytes(s.from_guest) for s in way.streams)
            (way.base / "seen").write_bytes(seen)
            self.assertIsNotNone(way.calls_of_the_guest())
            self.assertEqual(way.calls_of_the_guest(), [])
            self.assertLessEqual({entry.name for entry in way.base.iterdir()}, {"vhost", "host", "client", "daemon", "seen"})
            self.check_no_canary(way.base / "seen", m.serial_file, m.output_file, way.daemon_file, VOLUME)
            self.check_no_answer(answers, way.base / "seen", m.serial_file, m.output_file, way.daemon_file)
            print(f"over vsock: {PROMPTS} prompts, {len(way.streams)} connections, {count} records, {len(seen)} bytes, all of the channel", flush=True)

    def test_network_two_processors(self):
        """One port answers, its traffic holds no plaintext, and after a restart the key is another one, which the client appraises anew."""
        way = Network(PLACE, other_port=22)
        kept = PLACE.here / "remembered"
        with machine(way, vcpus=2) as m:
            m.wait_ready()
            measurement = PLACE.measure(test_image(), m.cmdline, vcpus=2)
            answers = []
            for _ in range(PROMPTS):
                done = chat(m, measurement, "--remember", kept, prompt=f"The {CANARY} said")
                self.assertEqual(done.returncode, 0, done.stderr + m.serial())
                answers.append(done.stdout)
            with socket.create_connection(("127.0.0.1", way.other), timeout=20) as other:
                self.assertEqual(other.recv(1), b"", "another port answers")
            m.kill()
            streams = streams_of_pcap(way.capture.read_bytes(), "10.0.2.15", 7878)
            count = self.check_channel(streams, PROMPTS)
            self.check_no_canary(way.capture, m.serial_file, m.output_file)
            self.check_no_answer(answers, way.capture, m.serial_file, m.output_file)
            print(f"over the network: {PROMPTS} prompts, {len(streams)} connections, {count} records, {way.capture.stat().st_size} bytes captured, "
                  "all of the channel", flush=True)
        with machine(way, vcpus=2) as m:
            m.wait_ready()
            again = chat(m, measurement, "--remember", kept)
            self.assertEqual(again.returncode, 0, again.stderr + m.serial())
            self.assertIn("just now", again.stderr)

    def test_probe(self):
        """What stands in enclumed's place can do nothing but its work."""
        way = Network(PLACE, restrict=False)
        with machine(way, directory=image("--test", "--probe")) as m:
            reason = m.wait_stopped()
            lines = [line for line in m.serial().splitlines() if line.startswith("probe: ")]
            done = [line for line in lines if line.rstrip().endswith("DONE")]
            self.assertEqual([line.rstrip() for line in done], ["probe: control: DONE"], m.serial())
            self.assertEqual(sum(": refused (" in line for line in lines), 39, m.serial())
            self.assertIn("probe: confined", lines[-1])
            self.assertEqual(reason, "enclumed: ended by signal 31")


class Release(unittest.TestCase):
    """The image that is released, as far as it goes without a confidential processor."""

    def test_no_chip(self):
        """Locked down from its first instruction it takes Debian's signed modules, and stops where the chip should answer."""
        with machine(Network(PLACE), directory=image(), chip=False, vcpus=2) as m:
            self.assertRegex(str(m.wait_stopped()), "chip: no chip answers", m.serial())

    def test_simulated_chip(self):
        """It has no use for a simulated one: the way to it is a device that is not on the list."""
        with machine(Vsock(PLACE), directory=image()) as m:
            self.assertRegex(str(m.wait_stopped()), r"devices: PCI device 1af4:1043 .*is not on the list", m.serial())

    def test_no_tables(self):
        """acpi=off, the stricter way: the same, with one processor."""
        base = base_of(image())
        stricter = base.replace("initcall_blacklist=acpi_init pci=lastbus=1", "acpi=off")
        self.assertNotEqual(base, stricter)
        with machine(Network(PLACE), directory=image(), chip=False, cmdline=stricter) as m:
            self.assertRegex(str(m.wait_stopped()), "chip: no chip answers", m.serial())


class Tampered(unittest.TestCase):
    """Each with one change. The chip measures what is launched; the client knows what should have been."""

    def check_refused(self, way, **options):
        with machine(way, **options) as m:
            m.wait_ready()
            done = chat(m, good_measurement(way))
            self.assertEqual(done.returncode, REFUSED, done.stderr)
            self.assertIn("measurement", done.stderr)
            self.assertEqual(done.stdout, "")

    def changed(self, file, offset, name):
        data = bytearray(file.read_bytes())
        data[offset] ^= 1
        changed = PLACE.here / name
        changed.parent.mkdir(exist_ok=True)
        changed.write_bytes(data)
        return changed

    def test_initrd(self):
        """The time in gzip's header: all that the kernel unpacks is the same."""
        other = PLACE.here / "other"
        self.changed(test_image() / "initrd", 4, "other/initrd")
        for name in ("vmlinuz", "cmdline"):
            (other / name).write_bytes((test_image() / name).read_bytes())
        self.check_refused(Vsock(PLACE), directory=other)

    def test_command_line(self):
        base = base_of(test_image())
        self.check_refused(Vsock(PLACE), cmdline=base.replace("quiet", "quies"))

    def test_firmware(self):
        """A byte of the firmware's that nobody reads: of the filling behind its last file."""
        data = PLACE.firmware.read_bytes()
        hole = data.find(b"\xff" * 4096, 0x100000)
        self.assertGreater(hole, 0)
        self.check_refused(Vsock(PLACE), firmware=self.changed(PLACE.firmware, hole + 2048, "firmware"))

    def check_stops(self, reason, **options):
        with machine(options.pop("way", None) or Vsock(PLACE), **options) as m:
            self.assertRegex(str(m.wait_stopped()), reason, m.serial())

    def test_model_data(self):
        self.check_stops(r"enclumed: ended with status 4", volume=self.changed(VOLUME, 5000000, "volume-data"))

    def test_model_tree(self):
        size = VOLUME.stat().st_size
        self.check_stops(r"enclumed: ended with status 4", volume=self.changed(VOLUME, size - 4096 * 20, "volume-tree"))

    def test_model_length(self):
        longer = PLACE.here / "volume-longer"
        longer.write_bytes(VOLUME.read_bytes() + bytes(4096))
        self.check_stops(r"model volume: the volume has \d+ bytes, wanted \d+", volume=longer)

    def test_device(self):
        self.check_stops(r"devices: PCI device 1af4:1044 at 0000:00:..\.. is not on the list",
                         more=["-device", "virtio-rng-pci,disable-legacy=on"])

    def test_network_device_in_the_vsock_profile(self):
        self.check_stops(r"devices: PCI device 1af4:1041 .*is not on the list",
                         more=["-netdev", "user,id=n", "-device", "virtio-net-pci,netdev=n,romfile=,disable-legacy=on"])

    def test_unknown_word(self):
        self.check_stops(r"command line: enclume\.shell: is not known", words=f"{WORDS} enclume.shell=1")

    def test_byte_code(self):
        base = base_of(test_image())
        self.check_stops(r"ACPI: /sys/firmware/acpi is there", cmdline=base.replace("initcall_blacklist=acpi_init ", ""))


if __name__ == "__main__":
    PLACE = Place(*sys.argv[1:5])
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]], verbosity=2)
