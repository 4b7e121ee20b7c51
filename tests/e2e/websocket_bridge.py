#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets a program that speaks the plain byte stream reach a gateway's WebSocket.

    websocket_bridge.py UNIX-SOCKET PORT
"""
import os
import socket
import sys
import threading

from gateway import BINARY, CLOSE, PING, PONG, WebSocket


def up(s, w):
    while data := s.recv(65536):
        w.send(data)
    w.send(b"", opcode=CLOSE)


def down(s, w):
    while True:
        opcode, payload = w.frame()
        if opcode == BINARY:
            s.sendall(payload)
        elif opcode == PING:
            w.send(payload, opcode=PONG)
        elif opcode == CLOSE:
            break
    s.shutdown(socket.SHUT_WR)


def quietly(what, s, w):
    try:
        what(s, w)
    except (OSError, EOFError):
        for side in s, w.socket:
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def main(path, port):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    print("bridge ready", flush=True)
    while True:
        s = listener.accept()[0]
        w = WebSocket(int(port))
        assert w.status == 101, w.head
        w.socket.settimeout(None)
        for what in up, down:
            threading.Thread(target=quietly, args=(what, s, w), daemon=True).start()


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    main(*sys.argv[1:])
