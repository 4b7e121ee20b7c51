# SPDX-License-Identifier: Apache-2.0
"""Starts a guest image under QEMU, launched and measured by enclume-simulator --vm, and talks to it from outside.

    with Machine(place, image, Vsock(place), words) as m:
        m.wait_ready()
        place.enclume("chat", "--connect", m.address, ...)
"""
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from capture import Stream

SKIPPED = 77
VCPU_MODEL = "EPYC-Genoa"
READY = "listening port="
STOPPED = "enclume-init: stopped: "
CPUS = {"tcg": "max", "kvm": "host"}
PATIENCE = 300  # seconds; a busy machine takes long


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


class Place:
    """Where programs, tools and the model are, and a directory for what a test makes."""

    def __init__(self, source, programs, deps, scratch):
        self.source = pathlib.Path(source).resolve()
        self.programs = pathlib.Path(programs).resolve()
        self.deps = pathlib.Path(deps).resolve()
        self.model = self.deps / "model/stories15M-q8_0.gguf"
        self.firmware = self.deps / "firmware/OVMF.amdsev.fd"
        self.qemu = self.deps / "qemu/bin/qemu-system-x86_64"
        self.scratch = pathlib.Path(scratch).resolve()
        self.here = None

    def fetch(self, *names):
        """Runs scripts of deps/; where one fails, the machine has no such network, and the test is skipped."""
        environment = dict(os.environ, ENCLUME_DEPS_DIR=str(self.deps))
        for name in names:
            done = subprocess.run([self.source / "deps" / name], env=environment, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                skip(f"deps/{name} cannot be fetched here: {done.stderr.strip().splitlines()[-1:]}")

    def begin(self):
        self.here = pathlib.Path(tempfile.mkdtemp(prefix="boot-"))

    def end(self):
        shutil.rmtree(self.here, ignore_errors=True)

    def image(self, output, *options, source=None, work=None):
        source = source or self.source
        environment = dict(os.environ, ENCLUME_DEPS_DIR=str(self.deps), ENCLUME_IMAGE_WORK=str(work or self.scratch / "image-work"))
        done = subprocess.run([source / "image/build", "--output", output, *options], env=environment, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"image/build failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def enclume(self, *arguments, timeout=120, **more):
        return subprocess.run([self.programs / "enclume", *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                              check=False, **more)

    def measure(self, image, cmdline, firmware=None, vcpus=1):
        """What enclume measure says of these files: computed from them, never asked of the simulator."""
        file = self.here / f"cmdline-{time.monotonic_ns()}"
        file.write_text(cmdline)
        done = self.enclume("measure", "snp", "--ovmf", firmware or self.firmware, "--kernel", image / "vmlinuz", "--initrd",
                            image / "initrd", "--cmdline", file, "--vcpus", vcpus, "--vcpu-model", VCPU_MODEL)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[-1]


class Network:
    """The network profile: QEMU's own network, of which one port of the host's leads in, and nothing out."""

    words = "enclume.listen=tcp:7878 enclume.address=10.0.2.15/24 enclume.gateway=10.0.2.2"

    def __init__(self, place, other_port=None, restrict=True):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.capture = place.here / f"capture-{self.port}"
        forwards = f"hostfwd=tcp:127.0.0.1:{self.port}-10.0.2.15:7878"
        self.other = None
        if other_port is not None:
            self.other = free_port()
            forwards += f",hostfwd=tcp:127.0.0.1:{self.other}-10.0.2.15:{other_port}"
        self.arguments = ["-netdev", f"user,id=net,restrict={'on' if restrict else 'off'},{forwards}",
                          "-device", "virtio-net-pci,netdev=net,romfile=,disable-legacy=on",
                          "-object", f"filter-dump,id=dump,netdev=net,file={self.capture}"]

    def start(self):
        pass

    def stop(self):
        pass


class Vsock:
    """The vsock profile, by a program of the host's in the place of the kernel's vhost-vsock."""

    words = "enclume.listen=vsock:7878"

    def __init__(self, place, memory="512M"):
        self.place = place
        self.base = place.here / f"v{time.monotonic_ns()}"
        self.base.mkdir()
        self.address = f"unix:{self.base}/client"
        self.arguments = ["-object", f"memory-backend-memfd,id=mem,size={memory},share=on", "-machine", "memory-backend=mem",
                          "-chardev", f"socket,id=vsock,path={self.base}/vhost", "-device",
                          "vhost-user-vsock-pci,chardev=vsock,disable-legacy=on"]
        self.daemon = None
        self.listener = None
        self.streams = []  # all that went over the device, by connection: a host sees no more of it
        self.daemon_file = self.base / "daemon"

    def start(self):
        with open(self.daemon_file, "wb") as said:
            self.daemon = subprocess.Popen([self.place.deps / "qemu/bin/vhost-device-vsock", "--vm",
                                            f"guest-cid=3,socket={self.base}/vhost,uds-path={self.base}/host"],
                                           stdout=said, stderr=said, env=dict(os.environ, RUST_LOG="info"))
        wait_for(lambda: (self.base / "vhost").exists(), "vhost-device-vsock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{self.base}/client")
        self.listener.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def stop(self):
        if self.listener is not None:
            self.listener.close()
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.forward, args=(client,), daemon=True).start()

    def connect(self, port):
        """A connection to a port of the guest's; None when nobody listens there."""
        guest = socket.socket(socket.AF_UNIX)
        guest.settimeout(20)
        try:
            guest.connect(f"{self.base}/host")
            guest.sendall(f"CONNECT {port}\n".encode())
            line = b""
            while not line.endswith(b"\n"):
                byte = guest.recv(1)
                if byte == b"":
                    guest.close()
                    return None
                line += byte
        except OSError:
            guest.close()
            return None
        guest.settimeout(None)
        return guest

    def forward(self, client):
        guest = self.connect(7878)
        if guest is not None:
            stream = Stream(f"connection {len(self.streams) + 1}")
            self.streams.append(stream)
            splice(client, guest, stream)
        client.close()

    def calls_of_the_guest(self):
        """What the guest wanted to connect to: nobody listens there, and the device's program says so. None, where it has no such words, and would not."""
        words = b"New guest conn error"
        if words not in (self.place.deps / "qemu/usr/bin/vhost-device-vsock").read_bytes():
            return None
        return [line for line in self.daemon_file.read_bytes().splitlines() if words in line]


def splice(a, b, stream):
    """Hands bytes on both ways, from a to b, the guest, and back, until one side ends; then both end. Keeps them."""
    with b:
        while True:
            for ready in select.select([a, b], [], [])[0]:
                try:
                    data = ready.recv(65536)
                    if data == b"":
                        return
                    (stream.to_guest if ready is a else stream.from_guest).extend(data)
                    (b if ready is a else a).sendall(data)
                except OSError:
                    return


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: waited {patience} seconds")
        time.sleep(0.05)


class Machine:
    def __init__(self, place, image, way, words, *, cmdline=None, volume, firmware=None, more=(), vcpus=1, chip=True,
                 accelerator="tcg", memory="512M"):
        self.place = place
        self.way = way
        self.address = way.address
        self.serial_file = place.here / f"serial-{time.monotonic_ns()}"
        self.output_file = place.here / f"output-{time.monotonic_ns()}"
        self.root = place.here / f"root-{time.monotonic_ns()}.pem"
        base = cmdline if cmdline is not None else (image / "cmdline").read_text().rstrip("\n")
        self.cmdline = f"{base} {words} {way.words}"
        chain = place.scratch / "chain"
        chain.mkdir(parents=True, exist_ok=True)
        # Without a chip nobody gives AMD's firmware the table of hashes that it wants: then QEMU's own starts the kernel.
        launcher = [place.programs / "enclume-simulator", "--root-out", self.root, "--chain", chain, "--vcpu-model", VCPU_MODEL, "--vm", "--",
                    place.qemu, "-bios", firmware or place.firmware] if chip else [place.qemu]
        self.command = [*launcher, "-machine", "q35", "-accel", accelerator, "-cpu", CPUS[accelerator], "-smp",
                        vcpus, "-m", memory, "-nodefaults", "-display", "none", "-no-reboot", "-serial", f"file:{self.serial_file}",
                        "-kernel", image / "vmlinuz", "-initrd", image / "initrd", "-append", self.cmdline,
                        "-drive", f"if=none,id=model,file={volume},format=raw,readonly=on",
                        "-device", "virtio-blk-pci,drive=model,disable-legacy=on", *way.arguments, *more]
        self.process = None
        self.started = None

    def __enter__(self):
        self.way.start()
        self.started = time.monotonic()
        with open(self.output_file, "wb") as output:
            self.process = subprocess.Popen([str(a) for a in self.command], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        return self

    def __exit__(self, *_):
        self.kill()
        self.way.stop()

    def kill(self):
        """As a host does that pulls the plug: QEMU dies with the simulator that started it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def serial(self):
        return self.serial_file.read_text(errors="replace") if self.serial_file.exists() else ""

    def wait_serial(self, text):
        wait_for(lambda: text in self.serial() or self.process.poll() is not None, f"{text!r} on the serial line")
        assert text in self.serial(), f"{text!r} is not there:\n{self.serial()}\n{self.output_file.read_text(errors='replace')}"

    def wait_ready(self):
        self.wait_serial(READY)
        return time.monotonic() - self.started

    def wait_stopped(self):
        """The machine stops by itself. Gives the reason that it names, or what it said last."""
        wait_for(lambda: self.process.poll() is not None, f"the machine stops\n{self.serial()}")
        reasons = [line for line in self.serial().splitlines() if STOPPED in line]
        return reasons[-1].split(STOPPED)[-1].strip() if reasons else self.serial().strip().splitlines()[-1:]
