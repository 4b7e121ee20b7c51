# SPDX-License-Identifier: Apache-2.0
"""Driver for python3-dissononce."""

from dissononce.cipher.aesgcm import AESGCMCipher
from dissononce.cipher.chachapoly import ChaChaPolyCipher
from dissononce.dh.x25519.private import PrivateKey
from dissononce.dh.x25519.public import PublicKey
from dissononce.dh.x25519.x25519 import X25519DH
from dissononce.extras.processing.handshakestate_switchable import SwitchableHandshakeState
from dissononce.hash.blake2b import Blake2bHash
from dissononce.hash.blake2s import Blake2sHash
from dissononce.hash.sha256 import SHA256Hash
from dissononce.hash.sha512 import SHA512Hash
from dissononce.processing.handshakepatterns.interactive.IK import IKHandshakePattern
from dissononce.processing.handshakepatterns.interactive.NK import NKHandshakePattern
from dissononce.processing.handshakepatterns.interactive.XX import XXHandshakePattern
from dissononce.processing.impl.cipherstate import CipherState
from dissononce.processing.impl.handshakestate import HandshakeState
from dissononce.processing.impl.symmetricstate import SymmetricState
from dissononce.processing.modifiers.fallback import FallbackPatternModifier

from driver import run_peer

PATTERNS = {"NK": NKHandshakePattern, "XX": XXHandshakePattern, "IK": IKHandshakePattern}
CIPHERS = {"AESGCM": AESGCMCipher, "ChaChaPoly": ChaChaPolyCipher}
HASHES = {"SHA256": SHA256Hash, "SHA512": SHA512Hash, "BLAKE2s": Blake2sHash, "BLAKE2b": Blake2bHash}


class Transport:
    def __init__(self, send, receive, h, rs):
        self._send, self._receive, self.h, self.rs = send, receive, h, rs

    def send(self, plain):
        return self._send.encrypt_with_ad(b"", plain)

    def receive(self, sealed):
        return self._receive.decrypt_with_ad(b"", sealed)

    def rekey(self):
        # Section 4.2 takes the first 32 bytes of the encryption and leaves n alone; the library's rekey() keeps the tag as part
        # of the key and sets n to 0. Its cipher does the work, the two differences are put right here.
        for state in (self._send, self._receive):
            nonce = state._nonce
            state.initialize_key(state.cipher.rekey(state._key)[:32])
            state.set_nonce(nonce)


class Session:
    def __init__(self, args):
        _, pattern, _, cipher, digest = args.name.split("_")
        self.dh = X25519DH()
        self.initiator = args.role == "initiator"
        self.prologue = args.prologue
        self.s = self.dh.generate_keypair(PrivateKey(args.s)) if args.s else None
        self.fallback = self.fallback_pending = args.fallback
        self.initiator_writes = True
        self.ciphers = None
        symmetric = SymmetricState(CipherState(CIPHERS[cipher]()), HASHES[digest]())
        self.inner = HandshakeState(symmetric, self.dh)
        self.state = SwitchableHandshakeState(self.inner)
        rs = PublicKey(args.rs) if args.rs else None
        self.state.initialize(PATTERNS[pattern](), self.initiator, self.prologue, s=self.s, rs=rs)

    def turn(self):
        if self.ciphers:
            return "done"
        return "write" if self.initiator_writes == self.initiator else "read"

    def switch(self):
        self.fallback_pending = False
        self.state.switch(FallbackPatternModifier().modify(XXHandshakePattern()), self.initiator, self.prologue, s=self.s)

    def write(self, payload):
        message = bytearray()
        self.ciphers = self.state.write_message(payload, message)
        self.initiator_writes = not self.initiator_writes
        if self.fallback_pending and self.initiator:
            self.switch()
        return message

    def read(self, message):
        self.initiator_writes = not self.initiator_writes
        payload = bytearray()
        if not self.fallback_pending:
            self.ciphers = self.state.read_message(message, payload)
            return payload
        try:
            self.state.read_message(message, payload)
        except Exception:
            self.switch()
            return None
        raise ValueError("the IK message should not have been readable")

    def finish(self):
        first, second = self.ciphers
        # The first cipher is that of the party that began this handshake: in a fallback the original responder.
        began = self.initiator != self.fallback
        send, receive = (first, second) if began else (second, first)
        rs = self.inner.rs.data if self.inner.rs else None
        return Transport(send, receive, self.inner.symmetricstate.get_handshake_hash(), rs)


run_peer(Session)
