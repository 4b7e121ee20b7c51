# SPDX-License-Identifier: Apache-2.0
"""Driver for python3-noiseprotocol, whose module Debian calls noiseprotocol (upstream: noise)."""

from noiseprotocol.connection import Keypair, NoiseConnection

from driver import run_peer


class Transport:
    def __init__(self, connection, rs):
        self._connection = connection
        self.h = bytes(connection.get_handshake_hash())
        self.rs = rs

    def send(self, plain):
        return self._connection.encrypt(plain)

    def receive(self, sealed):
        return self._connection.decrypt(sealed)

    def rekey(self):
        self._connection.rekey_inbound_cipher()
        self._connection.rekey_outbound_cipher()


class Session:
    def __init__(self, args):
        self.initiator = args.role == "initiator"
        self.initiator_writes = True
        self.connection = NoiseConnection.from_name(args.name.encode())
        self.connection.set_prologue(args.prologue)
        if self.initiator:
            self.connection.set_as_initiator()
        else:
            self.connection.set_as_responder()
        if args.s:
            self.connection.set_keypair_from_private_bytes(Keypair.STATIC, args.s)
        if args.rs:
            self.connection.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, args.rs)
        self.connection.start_handshake()
        # The connection forgets it, and the peer's static key with it, when the handshake is done.
        self.handshake_state = self.connection.noise_protocol.handshake_state

    def turn(self):
        if self.connection.handshake_finished:
            return "done"
        return "write" if self.initiator_writes == self.initiator else "read"

    def write(self, payload):
        self.initiator_writes = not self.initiator_writes
        return self.connection.write_message(payload)

    def read(self, message):
        self.initiator_writes = not self.initiator_writes
        return self.connection.read_message(message)

    def finish(self):
        rs = getattr(self.handshake_state.rs, "public_bytes", None)  # a placeholder object when there is none
        return Transport(self.connection, rs)


run_peer(Session)
