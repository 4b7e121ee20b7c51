# SPDX-License-Identifier: Apache-2.0
"""What the tests of enclume-gateway stand on: the program itself, backends to relay to, and a WebSocket client that can misbehave."""

import base64
import hashlib
import os
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

WAIT = 60.0  # seconds for what must happen; machines are slow


def wait_for(what, condition, seconds=WAIT):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("waited in vain for: " + what)


class Backend:
    """Takes connections and gives every byte back, or takes and says nothing."""

    def __init__(self, path=None, answer=True):
        self.path, self.answer, self.port = path, answer, 0
        self.sockets, self.lock, self.accepted, self.listener = [], threading.Lock(), 0, None
        self.start()

    def start(self):
        if self.path:
            if os.path.exists(self.path):
                os.unlink(self.path)
            s = socket.socket(socket.AF_UNIX)
            s.bind(self.path)
        else:
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", self.port))
            self.port = s.getsockname()[1]
        s.listen(512)
        self.listener = s
        threading.Thread(target=self.accept, args=(s,), daemon=True).start()

    @property
    def address(self):
        return "unix:" + self.path if self.path else "tcp:127.0.0.1:%d" % self.port

    def accept(self, listener):
        while True:
            try:
                s = listener.accept()[0]
            except OSError:
                return
            with self.lock:
                self.sockets.append(s)
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        first = True
        try:
            while True:
                data = s.recv(65536) if self.answer else b""
                if not self.answer:
                    time.sleep(3600)
                if not data:
                    break
                if first:  # what only connects is a health check
                    with self.lock:
                        self.accepted += 1
                    first = False
                s.sendall(data)
        except OSError:
            pass
        with self.lock:
            if s in self.sockets:
                self.sockets.remove(s)
        s.close()

    def stop(self):
        """Dies: nothing is taken any more, and all that was is cut."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self.path:
            os.unlink(self.path)
        with self.lock:
            sockets, self.sockets = self.sockets, []
        for s in sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Gateway:
    def __init__(self, program, *arguments, metrics=True):
        self.metrics_port = 0
        command = [program, *arguments] + (["--metrics", "127.0.0.1:0"] if metrics else [])
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines, self.ports = [], []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        listeners = max(1, command.count("--listen"))
        wait_for("the gateway to listen",
                 lambda: self.process.poll() is not None or
                 (len(self.ports) == listeners and (self.metrics_port or not metrics)))
        if self.process.poll() is not None:
            self.reader.join(WAIT)
            raise AssertionError("the gateway ended: " + "".join(self.lines))

    def read(self):
        for raw in self.process.stderr:
            line = raw.decode(errors="replace")
            self.lines.append(line)
            if " listening port=" in line:
                self.ports.append(int(line.rsplit("=", 1)[1]))
            if " metrics port=" in line:
                self.metrics_port = int(line.rsplit("=", 1)[1])

    def log(self):
        return "".join(self.lines)

    def metrics(self, path="/metrics"):
        with socket.create_connection(("127.0.0.1", self.metrics_port), WAIT) as s:
            s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
            text = b""
            while chunk := s.recv(65536):
                text += chunk
        head, body = text.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        return body.decode()

    def metric(self, name):
        for line in self.metrics().splitlines():
            if line.startswith("enclume_gateway_" + name + " ") or line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError("there is no metric " + name)

    def reload(self):
        before = self.log().count(" reloaded")
        self.process.send_signal(signal.SIGHUP)
        wait_for("the files to be read again", lambda: self.log().count(" reloaded") > before)

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def finish(self, seconds=WAIT):
        """Waits for its end and gives the exit code."""
        code = self.process.wait(seconds)
        self.reader.join(WAIT)
        return code

    def stop(self):
        """In good order: it ends when its connections have."""
        self.terminate()
        return self.finish()

    def stop_at_once(self):
        """With connections that are open, by asking twice: again when the first was heard, since two signals that come together are one."""
        self.terminate()
        wait_for("the gateway to stop", lambda: " stopping" in self.log())
        self.terminate()
        return self.finish()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        self.process.stdout.close()


def connect(port, source=None, tls=None):
    s = socket.create_connection(("127.0.0.1", port), WAIT, source_address=(source, 0) if source else None)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return tls.wrap_socket(s, server_hostname="gate.example") if tls else s


def receive(s, size):
    data = b""
    while len(data) < size:
        chunk = s.recv(size - len(data))
        if not chunk:
            raise EOFError("the connection ended after %d of %d bytes" % (len(data), size))
        data += chunk
    return data


def is_closed(s):
    """Whether the other side has ended the connection; whatever it still sends is dropped."""
    s.settimeout(WAIT)
    try:
        while s.recv(65536):
            pass
        return True
    except ConnectionError:
        return True
    except (ssl.SSLError, socket.timeout):
        return False


CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, mask=b"\x11\x22\x33\x44", reserved=0):
    head = bytes([(0x80 if fin else 0) | reserved | opcode])
    n, masked = len(payload), 0x80 if mask else 0
    if n < 126:
        head += bytes([masked | n])
    elif n < 65536:
        head += bytes([masked | 126]) + struct.pack(">H", n)
    else:
        head += bytes([masked | 127]) + struct.pack(">Q", n)
    if mask:
        wide = (mask * (n // 4 + 1))[:n]
        payload = (int.from_bytes(payload, "big") ^ int.from_bytes(wide, "big")).to_bytes(n, "big")
    return head + (mask or b"") + payload


KEY = base64.b64encode(bytes(range(16))).decode()


def request(path="/enclume", fields=None, **changes):
    lines = {"Host": "gate.example", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
             "Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "enclume.v1"}
    lines.update(fields or {})
    lines.update({name.replace("_", "-"): value for name, value in changes.items()})
    return ("GET %s HTTP/1.1\r\n" % path + "".join("%s: %s\r\n" % l for l in lines.items() if l[1] is not None) +
            "\r\n").encode()


class WebSocket:
    def __init__(self, port, source=None, tls=None, **rest):
        self.socket = connect(port, source, tls)
        self.sending = threading.Lock()  # one frame behind the other, whoever sends them
        self.socket.sendall(request(**rest))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            chunk = self.socket.recv(1)
            if not chunk:
                break
            head += chunk
        self.head = head.decode()
        self.status = int(self.head.split()[1]) if head else 0
        self.buffer = b""
        if self.status == 101:
            accept = base64.b64encode(hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
            assert "Sec-WebSocket-Accept: %s\r\n" % accept.decode() in self.head, self.head
            assert "Sec-WebSocket-Protocol: enclume.v1\r\n" in self.head, self.head

    def send(self, payload, opcode=BINARY, **rest):
        with self.sending:
            self.socket.sendall(frame(opcode, payload, **rest))

    def frame(self):
        head = receive(self.socket, 2)
        assert head[0] & 0x70 == 0 and head[1] & 0x80 == 0, head
        size = head[1]
        if size == 126:
            size = struct.unpack(">H", receive(self.socket, 2))[0]
            assert size >= 126
        elif size == 127:
            size = struct.unpack(">Q", receive(self.socket, 8))[0]
            assert size >= 65536
        return head[0] & 15, receive(self.socket, size)

    def receive(self, size):
        """So many bytes of the stream."""
        while len(self.buffer) < size:
            opcode, payload = self.frame()
            assert opcode == BINARY, (opcode, payload)
            self.buffer += payload
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def closed_with(self):
        """The status of the server's close frame, after what else is said, and the end of the connection behind it."""
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                status = struct.unpack(">H", payload[:2])[0] if payload else 1005
                assert is_closed(self.socket)
                return status

    def close(self):
        self.socket.close()
