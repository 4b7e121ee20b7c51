# SPDX-License-Identifier: Apache-2.0
"""The driver protocol (../README.md) for implementations that are reached from Python.

run_peer(make_session) takes a function from the parsed arguments to a session:
    turn()          "write", "read" or "done"
    write(payload)  the next handshake message
    read(message)   its payload; None for an IK message that could not be read and led to the fallback
    finish()        an object with send(plain), receive(sealed), rekey(), h, rs
"""

import argparse
import json
import sys

TRANSPORT_MESSAGES = 3  # before the rekey, and again after it


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", required=True, choices=["initiator", "responder"])
    parser.add_argument("--prologue", type=bytes.fromhex, default=b"")
    parser.add_argument("--s", type=bytes.fromhex)
    parser.add_argument("--rs", type=bytes.fromhex)
    parser.add_argument("--fallback", action="store_true")
    parser.add_argument("--no-rekey", action="store_true")
    return parser.parse_args()


def take(length):
    data = sys.stdin.buffer.read(length)
    if len(data) != length:
        raise EOFError("the peer closed the connection")
    return data


def read_frame():
    return take(int.from_bytes(take(2), "big"))


def write_frame(message):
    sys.stdout.buffer.write(len(message).to_bytes(2, "big") + bytes(message))
    sys.stdout.buffer.flush()


def check_payload(seen, wanted):
    if bytes(seen) != wanted.encode():
        raise ValueError(f'not the payload "{wanted}"')


def handshake(session):
    n = 0
    while session.turn() != "done":
        if session.turn() == "write":
            write_frame(session.write(f"payload {n}".encode()))
        else:
            payload = session.read(read_frame())
            if payload is not None:
                check_payload(payload, f"payload {n}")
        n += 1


def transport(state, role, first):
    other = "responder" if role == "initiator" else "initiator"
    numbers = range(first, first + TRANSPORT_MESSAGES)
    for i in numbers:
        write_frame(state.send(f"transport {role} {i}".encode()))
    for i in numbers:
        check_payload(state.receive(read_frame()), f"transport {other} {i}")


def converse(make_session):
    args = parse_arguments()
    session = make_session(args)
    handshake(session)
    state = session.finish()
    transport(state, args.role, 0)
    if not args.no_rekey:
        state.rekey()
    transport(state, args.role, TRANSPORT_MESSAGES)
    return {"ok": True, "h": state.h.hex(), "rs": state.rs.hex() if state.rs else None}


def run_peer(make_session):
    try:
        result = converse(make_session)
    except Exception as error:  # whatever the library under test raises is its way of refusing
        result = {"ok": False, "error": str(error) or type(error).__name__}
    print(json.dumps(result), file=sys.stderr, flush=True)
    sys.exit(0 if result["ok"] else 1)
