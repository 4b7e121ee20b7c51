#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""enclume-gateway from outside, with backends that echo: what it relays, whom it refuses, how it drains, and what it does not tell.

    test_gateway.py PATH-OF-ENCLUME-GATEWAY [unittest options]
"""
import hashlib
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from gateway import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WAIT, Backend, Gateway, WebSocket, connect, frame, is_closed,
                     receive, request, wait_for)

PROGRAM = ""
BYTES = bytes((i * 7919 >> 3) & 255 for i in range(1 << 20))
MANY = ("--address-connections", "0", "--address-rate", "0")


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="enclume-gateway-")
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, name, text=None):
        path = os.path.join(self.dir, name)
        if text is not None:
            with open(path, "w") as f:
                f.write(text)
        return path

    def backend(self, *args, **rest):
        b = Backend(*args, **rest)
        self.addCleanup(lambda: b.listener.close())
        return b

    def gateway(self, *args, **rest):
        g = Gateway(PROGRAM, *args, **rest)
        self.addCleanup(g.kill)
        return g

    def certificate(self):
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", "/CN=gate.example", "-addext", "subjectAltName=DNS:gate.example", "-keyout", self.path("key.pem"),
                   "-out", self.path("cert.pem")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return ("--tls-cert", self.path("cert.pem"), "--tls-key", self.path("key.pem"))

    def tls_client(self):
        return ssl.create_default_context(cafile=self.path("cert.pem"))


def echo(s, data):
    """Sends and receives by turns, so that neither side waits for the other. In one thread: OpenSSL does not let two work on a connection."""
    s.setblocking(False)
    sent, back, end = 0, b"", time.monotonic() + WAIT
    while len(back) < len(data):
        wants = [s] if sent < len(data) else []
        if not select.select([s], wants, [], end - time.monotonic() if time.monotonic() < end else 0)[0] and time.monotonic() > end:
            raise TimeoutError("%d of %d bytes came back" % (len(back), len(data)))
        try:
            if wants:
                sent += s.send(data[sent:sent + 65536])
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        try:
            while len(back) < len(data):
                chunk = s.recv(65536)
                if not chunk:
                    raise EOFError("the connection ended after %d of %d bytes" % (len(back), len(data)))
                back += chunk
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
    s.settimeout(WAIT)
    return back


class Relays(Case):
    def test_bytes_pass_unchanged_over_tcp_and_unix(self):
        one, two = self.backend(), self.backend(self.path("backend"))
        for backend in one, two:
            g = self.gateway("--listen", "tcp:127.0.0.1:0", "--listen", "unix:" + self.path("front"),
                             "--backend", backend.address)
            for s in connect(g.ports[0]), socket.socket(socket.AF_UNIX):
                if s.family == socket.AF_UNIX:
                    s.settimeout(WAIT)
                    s.connect(self.path("front"))
                self.assertEqual(echo(s, BYTES * 8), BYTES * 8)
                s.close()
            self.assertEqual(g.stop(), 0)
            self.assertFalse(os.path.exists(self.path("front")))

    def test_a_socket_that_was_left_behind_is_taken_over_and_one_in_use_is_not(self):
        backend = self.backend()
        g = self.gateway("--listen", "unix:" + self.path("front"), "--backend", backend.address)
        with self.assertRaises(AssertionError):
            self.gateway("--listen", "unix:" + self.path("front"), "--backend", backend.address)
        g.kill()
        self.assertTrue(os.path.exists(self.path("front")))
        self.gateway("--listen", "unix:" + self.path("front"), "--backend", backend.address)

    def test_the_end_of_one_direction_is_passed_on_and_the_other_goes_on(self):
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backend", self.backend().address)
        s = connect(g.ports[0])
        s.sendall(BYTES)
        s.shutdown(socket.SHUT_WR)
        self.assertEqual(receive(s, len(BYTES)), BYTES)
        self.assertEqual(s.recv(1), b"")
        wait_for("the connection to be forgotten", lambda: g.metric("connections") == 0)

    def test_whoever_says_nothing_reaches_no_backend(self):
        backend = self.backend(answer=False)
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backend", backend.address, "--greeting-timeout", "1")
        s = connect(g.ports[0])
        self.assertTrue(is_closed(s))
        self.assertIn('refused_total{reason="greeting-timeout"} 1', g.metrics())
        self.assertIn('backend_connections_total{backend="%s"} 0' % backend.address, g.metrics())

    def test_a_websocket_carries_the_stream_whatever_its_frames(self):
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--backend", self.backend().address)
        w = WebSocket(g.ports[0])
        self.assertEqual(w.status, 101)
        data, at, step = BYTES * 3, 0, 1
        def send():
            nonlocal at, step
            while at < len(data):
                piece = data[at:at + step]
                w.send(piece[:len(piece) // 3], fin=False)
                w.send(b"", opcode=CONTINUATION, fin=False)
                w.send(piece[len(piece) // 3:], opcode=CONTINUATION)
                at, step = at + step, min(step * 3 + 1, 500_000)
        thread = threading.Thread(target=send)
        thread.start()
        self.assertEqual(w.receive(len(data)), data)
        thread.join()
        w.send(b"are you there?", opcode=PING)
        self.assertEqual(w.frame(), (PONG, b"are you there?"))
        w.send(b"\x03\xe8bye", opcode=CLOSE)
        self.assertEqual(w.closed_with(), 1000)
        self.assertIn('ended_total{reason="client"} 1', g.metrics())

    def test_tls_around_either(self):
        tls = self.certificate()
        g = self.gateway("--listen", "tls:127.0.0.1:0", "--listen", "wss:127.0.0.1:0", *tls, "--backend", self.backend().address)
        s = connect(g.ports[0], tls=self.tls_client())
        self.assertEqual(s.version(), "TLSv1.3")
        self.assertEqual(echo(s, BYTES * 2), BYTES * 2)
        s.close()
        w = WebSocket(g.ports[1], tls=self.tls_client())
        self.assertEqual(w.status, 101)
        for size in 1, 125, 126, 65535, 65536, 300_000:
            w.send(BYTES[:size])
            self.assertEqual(w.receive(size), BYTES[:size])
        w.send(b"", opcode=CLOSE)
        self.assertEqual(w.closed_with(), 1005)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(self.path("cert.pem"))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            connect(g.ports[0], tls=old)
        # A certificate that was replaced is used from the next connection on, and those that are there go on.
        s = connect(g.ports[0], tls=self.tls_client())
        self.certificate()
        g.reload()
        self.assertEqual(echo(s, BYTES), BYTES)
        self.assertEqual(echo(connect(g.ports[0], tls=self.tls_client()), BYTES), BYTES)
        self.assertIn('refused_total{reason="tls"} 1', g.metrics())

    def test_somebody_elses_websocket_client(self):
        try:
            import asyncio
            import websockets
        except ImportError:
            self.skipTest("python3-websockets is not installed")
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--backend", self.backend().address)

        async def talk():
            async with websockets.connect("ws://127.0.0.1:%d/enclume" % g.ports[0], subprotocols=["enclume.v1"]) as w:
                self.assertEqual(w.subprotocol, "enclume.v1")
                self.assertEqual(len(w.extensions), 0)  # it offers compression
                await w.send(BYTES[:200_000])
                back = b""
                while len(back) < 200_000:
                    back += await w.recv()
                self.assertEqual(back, BYTES[:200_000])
                await (await w.ping(b"x"))
                with self.assertRaises(websockets.exceptions.ConnectionClosedError) as closed:
                    await w.send("text")
                    await w.recv()
                self.assertEqual(closed.exception.code, 1003)

        asyncio.run(talk())


class Refuses(Case):
    def test_requests_that_are_no_upgrade(self):
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--backend", self.backend().address, *MANY)
        cases = [(400, b"GET /enclume HTTP/1.1\nHost: x\n\n"), (400, b"hello\r\n\r\n"), (400, b"\x16\x03\x01\x02\x00\x01\x00"),
                 (400, request(Host=None)), (404, request("/")), (426, request(Upgrade=None)), (426, request(Sec_WebSocket_Version="7")),
                 (400, request(Sec_WebSocket_Key="x")), (400, request(Sec_WebSocket_Protocol="chat")),
                 (431, request(X="y" * 9000)), (505, b"GET / HTTP/2.0\r\nHost: x\r\n\r\n"), (400, request() + frame(BINARY, b"early"))]
        for status, text in cases:
            s = connect(g.ports[0])
            s.sendall(text)
            self.assertEqual(int(receive(s, 12).split()[1]), status, text[:60])
            self.assertTrue(is_closed(s))
        self.assertIn('refused_total{reason="request"} %d' % len(cases), g.metrics())
        self.assertEqual(WebSocket(g.ports[0]).status, 101)

    def test_frames_that_break_a_rule(self):
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--backend", self.backend().address, *MANY)
        cases = [(1002, frame(BINARY, b"x", mask=None)), (1002, frame(BINARY, b"x", reserved=0x40)), (1002, frame(3, b"x")),
                 (1002, frame(PING, b"x" * 126)), (1002, frame(PING, b"x", fin=False)), (1002, frame(CONTINUATION, b"x")),
                 (1002, frame(BINARY, b"x", fin=False) + frame(BINARY, b"x")), (1003, frame(TEXT, b"x")),
                 (1009, frame(BINARY, b"x" * (1 << 20) + b"x")), (1002, frame(CLOSE, b"\x03")), (1007, frame(CLOSE, b"\x03\xe8\xff")),
                 (1002, b"\x82\xfe\x00\x01" + b"\0" * 5), (1009, b"\x82\xff\x7f" + b"\xff" * 7 + b"\0" * 4)]
        for status, bad in cases:
            w = WebSocket(g.ports[0])
            w.send(b"before")
            self.assertEqual(w.receive(6), b"before")
            try:
                w.socket.sendall(bad)
            except ConnectionError:
                pass  # it was closed before it had heard all
            self.assertEqual(w.closed_with(), status, bad[:16])
        self.assertIn('ended_total{reason="websocket-rule"} %d' % len(cases), g.metrics())

    def test_slow_and_silent_clients_do_not_keep_others_out(self):
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--listen", "tcp:127.0.0.1:0", "--backend", self.backend().address,
                         "--greeting-timeout", "2", *MANY)
        slow = [connect(g.ports[0]) for _ in range(200)] + [connect(g.ports[1]) for _ in range(100)]
        text, sent, end = request(X="y" * 4000), 0, time.monotonic() + 1.0
        while time.monotonic() < end:
            for s in slow[:200]:
                try:
                    s.sendall(text[sent:sent + 1])
                except ConnectionError:
                    pass  # on a slow machine its time is over by now
            sent += 1
        self.assertEqual(echo(connect(g.ports[1]), BYTES), BYTES)
        self.assertEqual(WebSocket(g.ports[0]).status, 101)
        for s in slow:
            self.assertTrue(is_closed(s))
        self.assertIn('refused_total{reason="greeting-timeout"} 300', g.metrics())
        self.assertEqual(echo(connect(g.ports[1]), BYTES), BYTES)

    def test_garbage_of_every_kind(self):
        tls = self.certificate()
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--listen", "wss:127.0.0.1:0", "--listen", "tls:127.0.0.1:0", *tls,
                         "--backend", self.backend().address, "--greeting-timeout", "2", *MANY)
        for i in range(150):
            s = connect(g.ports[i % 3])
            try:
                s.sendall(hashlib.sha512(b"%d" % i).digest() * (1 + i * 7 % 300))
                if i % 5:
                    s.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass
            self.assertTrue(is_closed(s))
        for i in range(20):  # and behind a good beginning
            w = WebSocket(g.ports[0])
            try:
                w.socket.sendall(hashlib.sha512(b"%d" % i).digest() * 50)
            except ConnectionError:
                pass
            w.close()
        self.assertEqual(WebSocket(g.ports[1], tls=self.tls_client()).status, 101)
        wait_for("all of them to be forgotten", lambda: g.metric("connections") == 0)
        self.assertEqual(g.stop(), 0)

    def test_the_metrics_listener_is_no_way_in_either(self):
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backend", self.backend().address)
        for status, text in ((404, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (405, b"POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
                             (400, b"\0" * 100), (431, b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 9000)):
            with connect(g.metrics_port) as s:
                s.sendall(text)
                self.assertEqual(int(receive(s, 12).split()[1]), status)
        idle = [connect(g.metrics_port) for _ in range(40)]  # more than are kept
        wait_for("the crowd to be turned away", lambda: is_closed(idle[-1]))
        for s in idle:
            s.close()

        def answered():
            try:
                return "connections_max" in g.metrics()
            except ConnectionError:
                return False
        wait_for("the metrics to answer again", answered)


class Balances(Case):
    def test_connections_are_spread_and_new_ones_fail_over(self):
        backends = [self.backend() for _ in range(3)]
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--check-interval", "100", *MANY,
                         *sum((["--backend", b.address] for b in backends), []))
        held = [connect(g.ports[0]) for _ in range(30)]
        for s in held:
            self.assertEqual(echo(s, b"hello"), b"hello")
        self.assertEqual([b.accepted for b in backends], [10, 10, 10])
        backends[0].stop()
        for s in held:
            s.settimeout(WAIT)
        cut = sum(1 for s in held if not self.alive(s))
        self.assertEqual(cut, 10)
        # At once, without a check in between: a new connection that finds nobody there is given to another.
        for _ in range(20):
            self.assertEqual(echo(connect(g.ports[0]), b"hello"), b"hello")
        self.assertEqual(backends[0].accepted, 10)
        wait_for("it to count as down", lambda: 'backend_up{backend="%s"} 0' % backends[0].address in g.metrics())
        backends[0].start()
        wait_for("it to count as up", lambda: 'backend_up{backend="%s"} 1' % backends[0].address in g.metrics())
        for _ in range(20):
            held.append(connect(g.ports[0]))
            self.assertEqual(echo(held[-1], b"hello"), b"hello")
        self.assertGreater(backends[0].accepted, 15)
        self.assertIn("backend-down backend=0", g.log())
        self.assertIn("backend-up backend=0", g.log())

    def alive(self, s):
        try:
            return echo(s, b"still") == b"still"
        except (EOFError, ConnectionError):
            return False

    def test_without_any_backend_clients_are_told(self):
        backend = self.backend()
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--listen", "ws:127.0.0.1:0", "--backend", backend.address,
                         "--check-interval", "100")
        self.assertEqual(g.metrics("/health"), "ok\n")
        backend.stop()
        s = connect(g.ports[0])
        s.sendall(b"hello")
        self.assertTrue(is_closed(s))
        w = WebSocket(g.ports[1])
        self.assertEqual(w.status, 503)
        self.assertIn("Retry-After", w.head)
        wait_for("the backend to be missed", lambda: g.metrics("/health") and g.status == 503)
        self.assertIn('refused_total{reason="no-backend"} 2', g.metrics())
        backend.start()
        wait_for("the backend to be found again", lambda: g.metrics("/health") == "ok\n")
        self.assertEqual(WebSocket(g.ports[1]).status, 101)

    def test_a_backend_drains_by_the_file(self):
        one, two = self.backend(), self.backend()
        path = self.path("backends", "%s\n%s\n" % (one.address, two.address))
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backends", path, *MANY)
        held = [connect(g.ports[0]) for _ in range(4)]
        for s in held:
            self.assertEqual(echo(s, b"hello"), b"hello")
        self.path("backends", "%s drain\n%s\n" % (one.address, two.address))
        g.reload()
        for _ in range(6):
            self.assertEqual(echo(connect(g.ports[0]), b"hello"), b"hello")
        self.assertEqual((one.accepted, two.accepted), (2, 8))
        for s in held:
            self.assertEqual(echo(s, b"still"), b"still")
        self.assertIn('backend_draining{backend="%s"} 1' % one.address, g.metrics())
        # Out of the list it goes when its last connection has.
        self.path("backends", two.address)
        g.reload()
        self.assertIn(one.address, g.metrics())
        for s in held:
            s.close()
        wait_for("it to be forgotten", lambda: one.address not in g.metrics())
        # What cannot be understood changes nothing.
        self.path("backends", "nonsense\n")
        g.reload()
        self.assertIn("line 1 of the backends", g.log())
        self.assertEqual(echo(connect(g.ports[0]), b"hello"), b"hello")


class Stops(Case):
    def is_refused(self, port):
        try:
            connect(port).close()
            return False
        except ConnectionError:
            return True

    def test_it_takes_no_more_and_ends_with_the_last_connection(self):
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--listen", "ws:127.0.0.1:0", "--backend", self.backend().address)
        s, w, silent = connect(g.ports[0]), WebSocket(g.ports[1]), connect(g.ports[0])
        self.assertEqual(echo(s, b"hello"), b"hello")
        g.terminate()
        wait_for("it to stop listening", lambda: self.is_refused(g.ports[0]))
        self.assertTrue(is_closed(silent))
        self.assertEqual(echo(s, BYTES), BYTES)
        w.send(b"still")
        self.assertEqual(w.receive(5), b"still")
        g.metrics("/health")
        self.assertEqual(g.status, 503)
        self.assertIsNone(g.process.poll())
        s.close()
        w.send(b"", opcode=CLOSE)
        w.closed_with()
        w.close()
        self.assertEqual(g.finish(), 0)

    def test_asked_again_and_again_it_ends_as_well_as_asked_once(self):
        for _ in range(5):
            g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backend", self.backend().address)
            self.assertEqual(echo(connect(g.ports[0]), b"hello"), b"hello")
            g.terminate()
            while g.process.poll() is None:  # to its very end
                for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
                    os.kill(g.process.pid, number)
            self.assertEqual(g.finish(), 0)

    def test_the_grace_is_the_longest_that_it_waits(self):
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--listen", "ws:127.0.0.1:0", "--backend", self.backend().address,
                         "--grace", "1")
        s, w = connect(g.ports[0]), WebSocket(g.ports[1])
        self.assertEqual(echo(s, b"hello"), b"hello")
        g.terminate()
        self.assertEqual(w.closed_with(), 1001)
        w.close()
        self.assertTrue(is_closed(s))
        s.close()
        self.assertEqual(g.finish(), 0)


class Shares(Case):
    """Several processes on one address."""

    def beside(self, g, *args):
        return self.gateway("--listen", "tcp:127.0.0.1:%d" % g.ports[0], "--reuse-port", *args)

    def test_each_takes_a_part_and_counts_its_own(self):
        backend = self.backend()
        one = self.gateway("--listen", "tcp:127.0.0.1:0", "--reuse-port", "--backend", backend.address, *MANY)
        two = self.beside(one, "--backend", backend.address, *MANY)
        self.assertEqual(two.ports, one.ports)
        held = [connect(one.ports[0]) for _ in range(64)]
        for s in held:
            self.assertEqual(echo(s, b"hello"), b"hello")
        parts = [g.metric("connections") for g in (one, two)]
        self.assertGreater(min(parts), 0)
        self.assertEqual(sum(parts), 64)
        self.assertEqual(sum(g.metric('accepted_total{transport="tcp"}') for g in (one, two)), 64)
        self.assertEqual(sum(g.metric('backend_connections{backend="%s"}' % backend.address) for g in (one, two)), 64)
        self.assertEqual(sum(g.metric('bytes_total{direction="up"}') for g in (one, two)), 64 * 5)

    def test_what_one_address_may_have_is_the_sum(self):
        backend = self.backend()
        rules = ("--backend", backend.address, "--address-connections", "1", "--address-rate", "0")
        one = self.gateway("--listen", "tcp:127.0.0.1:0", "--reuse-port", *rules)
        two = self.beside(one, *rules)
        held = []
        for _ in range(64):
            s = connect(one.ports[0], "127.0.0.2")
            try:
                if echo(s, b"hello") == b"hello":
                    held.append(s)
            except (EOFError, ConnectionError):
                pass
        self.assertEqual(len(held), 2)
        self.assertEqual([g.metric("connections") for g in (one, two)], [1, 1])
        self.assertEqual(sum(g.metric('refused_total{reason="address-connections"}') for g in (one, two)), 62)

    def test_one_is_replaced_by_another(self):
        backend = self.backend()
        old = self.gateway("--listen", "tcp:127.0.0.1:0", "--reuse-port", "--backend", backend.address, *MANY)
        held = [connect(old.ports[0]) for _ in range(8)]
        for s in held:
            self.assertEqual(echo(s, b"hello"), b"hello")
        new = self.beside(old, "--backend", backend.address, *MANY)
        old.terminate()
        wait_for("the old one to stop listening", lambda: "stopping" in old.log())
        late = [connect(old.ports[0]) for _ in range(32)]
        for s in held + late:
            self.assertEqual(echo(s, BYTES[:100_000]), BYTES[:100_000])
        self.assertEqual((old.metric("connections"), new.metric("connections")), (8, 32))
        for s in held:
            s.close()
        self.assertEqual(old.finish(), 0)
        self.assertEqual(echo(late[0], b"still"), b"still")

    def test_nobody_shares_who_was_not_told_to(self):
        backend = self.backend()
        for first, second in (((), ()), (("--reuse-port",), ()), ((), ("--reuse-port",))):
            g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backend", backend.address, *first)
            with self.assertRaisesRegex(AssertionError, "Address already in use"):
                self.gateway("--listen", "tcp:127.0.0.1:%d" % g.ports[0], "--backend", backend.address, *second)
        # What one of them counts is asked of that one.
        done = subprocess.run([PROGRAM, "--listen", "tcp:127.0.0.1:0", "--reuse-port", "--backend", backend.address, "--metrics",
                               "127.0.0.1:%d" % g.metrics_port], capture_output=True, text=True, timeout=WAIT)
        self.assertEqual(done.returncode, 3)
        self.assertIn("Address already in use", done.stderr)


class Limits(Case):
    def test_connections_and_new_ones_by_address(self):
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backend", self.backend().address, "--address-connections", "3",
                         "--address-rate", "0")
        held = [connect(g.ports[0], "127.0.0.2") for _ in range(3)]
        for s in held:
            self.assertEqual(echo(s, b"hello"), b"hello")
        self.assertTrue(is_closed(connect(g.ports[0], "127.0.0.2")))
        self.assertEqual(echo(connect(g.ports[0], "127.0.0.3"), b"hello"), b"hello")
        held[0].close()
        wait_for("the place to be free", lambda: g.metric("connections") <= 2)
        self.assertEqual(echo(connect(g.ports[0], "127.0.0.2"), b"hello"), b"hello")
        self.assertIn('refused_total{reason="address-connections"} 1', g.metrics())

        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backend", self.backend().address, "--address-rate", "1")
        first, second = connect(g.ports[0], "127.0.0.2"), connect(g.ports[0], "127.0.0.2")  # within a second
        self.assertEqual(echo(first, b"hello"), b"hello")
        self.assertTrue(is_closed(second))
        self.assertEqual(echo(connect(g.ports[0], "127.0.0.3"), b"hello"), b"hello")
        self.assertIn('refused_total{reason="address-rate"} 1', g.metrics())

    def test_connections_at_all(self):
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backend", self.backend().address, "--max-connections", "2")
        held = [connect(g.ports[0]) for _ in range(2)]
        for s in held:
            self.assertEqual(echo(s, b"hello"), b"hello")
        self.assertTrue(is_closed(connect(g.ports[0])))
        self.assertIn('refused_total{reason="max-connections"} 1', g.metrics())

    def test_bytes_a_second_and_others_are_not_slowed(self):
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--backend", self.backend().address, "--address-bytes", "400000")
        s = connect(g.ports[0], "127.0.0.2")
        begin = time.monotonic()
        # Up and down together: 400,000 at once, and 800,000 more in two seconds.
        self.assertEqual(echo(s, BYTES[:600_000]), BYTES[:600_000])
        took = time.monotonic() - begin
        self.assertGreater(took, 1.8)
        begin = time.monotonic()
        self.assertEqual(echo(connect(g.ports[0], "127.0.0.3"), BYTES[:150_000]), BYTES[:150_000])
        self.assertGreater(g.metric("throttled_total"), 0)

    def test_tokens(self):
        def line(token, more=""):
            return hashlib.sha256(token.encode()).hexdigest() + more + "\n"
        path = self.path("tokens", line("opensesame", " connections=1") + line("second"))
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--backend", self.backend().address, "--tokens", path)
        self.assertEqual(WebSocket(g.ports[0]).status, 401)
        self.assertEqual(WebSocket(g.ports[0], Authorization="Bearer wrong").status, 401)
        w = WebSocket(g.ports[0], Authorization="Bearer opensesame")
        self.assertEqual(w.status, 101)
        self.assertEqual(WebSocket(g.ports[0], path="/enclume?token=opensesame").status, 429)
        other = WebSocket(g.ports[0], path="/enclume?token=second")
        self.assertEqual(other.status, 101)
        # A token that is taken out ends who came by it, and nobody else.
        self.path("tokens", line("second"))
        g.reload()
        self.assertEqual(w.closed_with(), 1008)
        other.send(b"still")
        self.assertEqual(other.receive(5), b"still")
        text = g.metrics()
        self.assertIn('refused_total{reason="token"} 2', text)
        self.assertIn('refused_total{reason="token-connections"} 1', text)

    def test_silence(self):
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--listen", "ws:127.0.0.1:0", "--backend", self.backend().address,
                         "--idle-timeout", "2", "--ping", "0")
        s, w = connect(g.ports[0]), WebSocket(g.ports[1])
        self.assertEqual(echo(s, b"hello"), b"hello")
        self.assertTrue(is_closed(s))
        self.assertEqual(w.closed_with(), 1001)
        self.assertIn('ended_total{reason="idle-timeout"} 2', g.metrics())

    def test_a_websocket_that_does_not_answer_a_ping_is_gone(self):
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--backend", self.backend().address, "--ping", "1")
        here, gone = WebSocket(g.ports[0]), WebSocket(g.ports[0])
        for _ in range(3):
            self.assertEqual(here.frame(), (PING, b""))
            here.send(b"", opcode=PONG)
        self.assertEqual(gone.frame(), (PING, b""))
        self.assertTrue(is_closed(gone.socket))
        here.send(b"still")
        while True:
            opcode, payload = here.frame()
            if opcode == BINARY:
                break
        self.assertEqual(payload, b"still")


class Holds(Case):
    def test_a_side_that_does_not_read_costs_little_and_stops_nobody(self):
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--listen", "ws:127.0.0.1:0", "--backend", self.backend().address,
                         "--stall-timeout", "3", *MANY)
        self.assertEqual(echo(connect(g.ports[0]), BYTES), BYTES)
        before = g.metric("process_resident_memory_bytes")
        stuck, data = [connect(g.ports[0]) for _ in range(40)], BYTES[:65536]
        frames = WebSocket(g.ports[1])
        stuck.append(frames.socket)
        for s in stuck:
            s.setblocking(False)
        many, at = frame(BINARY, data[:60000]) * 300, 0
        sent, last, end = 0, time.monotonic(), time.monotonic() + WAIT
        while time.monotonic() < min(last + 1, end):  # sends until for a second nobody takes any more, and never reads what comes back
            for i, s in enumerate(stuck):
                try:
                    n = s.send(data if i < 40 else many[at:at + 65536])
                    sent, at, last = sent + n, at + (n if i == 40 else 0), time.monotonic()
                except (BlockingIOError, ConnectionError):
                    pass
            time.sleep(0.005)
        grown = g.metric("process_resident_memory_bytes") - before
        print("%d stuck connections, %d MiB offered: %.0f KiB resident more" % (len(stuck), sent >> 20, grown / 1024))
        if os.environ.get("ENCLUME_SANITIZED") != "1":
            self.assertLess(grown, len(stuck) * 200_000)
        self.assertEqual(echo(connect(g.ports[0]), BYTES), BYTES)
        wait_for("them to be given up", lambda: g.metric("connections") == 0)
        self.assertIn('ended_total{reason="stall-timeout"} 41', g.metrics())

    def pour(self, sockets, data, seconds=WAIT):
        """Sends it on each, without reading, as far as it is taken; stops when nothing is for two seconds."""
        sent, end, moved = [0] * len(sockets), time.monotonic() + seconds, time.monotonic()
        while min(sent) < len(data) and time.monotonic() < end and time.monotonic() - moved < 2:
            wanting = [s for s, n in zip(sockets, sent) if n < len(data)]
            for s in select.select([], wanting, [], 0.2)[1]:
                i = sockets.index(s)
                try:
                    sent[i] += s.send(data[sent[i]:sent[i] + 65536])
                    moved = time.monotonic()
                except BlockingIOError:
                    pass
        return sent

    def test_pings_that_are_not_read_for_cost_nothing(self):
        """Thousands of answers of two bytes, each in a buffer of its own, made megabytes of a client that reads none of them."""
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--backend", self.backend().address, *MANY)
        clients = [WebSocket(g.ports[0]) for _ in range(4)]
        for w in clients:
            w.socket.setblocking(False)
        before = g.metric("process_resident_memory_bytes")
        self.pour([w.socket for w in clients], frame(PING, mask=b"\0\0\0\0") * 2_500_000)  # more answers than the kernel keeps
        self.assertLess(g.metric("process_resident_memory_bytes") - before, 8 << 20)
        for w in clients:
            w.close()
        # Of those that came together the latest is answered, and the stream goes on.
        w = WebSocket(g.ports[0])
        w.socket.sendall(b"".join(frame(PING, b"%d" % i) for i in range(1000)) + frame(BINARY, b"and now"))
        pongs = []
        while True:
            opcode, payload = w.frame()
            if opcode == BINARY:
                break
            self.assertEqual(opcode, PONG)
            pongs.append(int(payload))
        self.assertEqual(payload, b"and now")
        while not pongs or pongs[-1] != 999:
            opcode, payload = w.frame()
            self.assertEqual(opcode, PONG)
            pongs.append(int(payload))
        self.assertEqual(pongs, sorted(set(pongs)))

    def test_a_byte_a_frame_costs_no_more_than_a_stream(self):
        backend = self.backend(self.path("backend"), answer=False)
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--backend", backend.address, *MANY)
        clients = [WebSocket(g.ports[0]) for _ in range(16)]
        for w in clients:
            w.socket.setblocking(False)
        before = g.metric("process_resident_memory_bytes")
        self.pour([w.socket for w in clients], frame(BINARY, b"x", mask=b"\0\0\0\0") * 300_000)
        self.assertLess(g.metric("process_resident_memory_bytes") - before, 6 << 20)
        g.kill()
        g = self.gateway("--listen", "ws:127.0.0.1:0", "--backend", self.backend().address)
        w = WebSocket(g.ports[0])
        data = BYTES[:20_000]
        thread = threading.Thread(target=w.socket.sendall, args=(b"".join(frame(BINARY, data[i:i + 1]) for i in range(len(data))),))
        thread.start()
        self.assertEqual(w.receive(len(data)), data)
        thread.join()

    def test_nothing_of_a_user_is_in_metrics_or_log(self):
        token = "very-secret-token-4711"
        canary = b"The canary Quetzalcoatl sings at midnight."
        path = self.path("tokens", hashlib.sha256(token.encode()).hexdigest() + "\n")
        g = self.gateway("--listen", "tcp:127.0.0.1:0", "--listen", "ws:127.0.0.1:0", "--backend", self.backend().address,
                         "--tokens", path, "--address-connections", "2")
        s = connect(g.ports[0], "127.0.0.77")
        self.assertEqual(echo(s, canary), canary)
        for _ in range(3):
            w = WebSocket(g.ports[1], "127.0.0.78", path="/enclume?token=" + token)
        WebSocket(g.ports[1], "127.0.0.79", path="/enclume?token=not-" + token)
        text = g.metrics()
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) .*|[a-z_]+(\{[a-z]+="[^"]*"\})? [0-9.]+)$')
        self.assertEqual(g.stop_at_once(), 0)
        for secret in "Quetzalcoatl", "4711", "127.0.0.7", hashlib.sha256(token.encode()).hexdigest()[:16]:
            self.assertNotIn(secret, text)
            self.assertNotIn(secret, g.log())


class Uses(Case):
    def test_wrong_use_is_refused(self):
        for arguments, words in (((), "--backend"), (("--backend", "x"), "wanted tcp:"),
                                 (("--backend", "unix:/a", "--listen", "wss:127.0.0.1:0"), "--tls-cert"),
                                 (("--backend", "unix:/a", "--listen", "udp:127.0.0.1:0"), "wanted tcp:"),
                                 (("--backend", "unix:/a", "--backends", "/b"), "not together"),
                                 (("--backend", "unix:/a", "--reuse-port", "--listen", "unix:/b"), "--reuse-port"),
                                 (("--backends", "/nonexistent"), "nonexistent"),
                                 (("--backend", "unix:/a", "--listen", "wss:127.0.0.1:0", "--tls-cert", "/nonexistent",
                                   "--tls-key", "/nonexistent"), "nonexistent")):
            done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=WAIT)
            self.assertEqual(done.returncode, 2, (arguments, done.stderr))
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(warnings="ignore")
