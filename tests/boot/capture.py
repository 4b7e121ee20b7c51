# SPDX-License-Identifier: Apache-2.0
"""What a host sees of a machine's connections, held against the channel's form on the wire (docs/protocol.md, sections 2 to 5): records with a length before
each, handshake records of the kinds that there are, and behind them transport records of the sizes that there are, to the last byte.

    for stream in streams_of_pcap(file): check_stream(stream)
"""
import struct

RECORD_SIZES = {272, 1040, 4112, 16400, 65535}  # transport records; their plaintexts are buckets

# The handshakes, by what the first byte of message 1 and of its answer are: sizes of the records that the client sends, with that byte, and the least that
# the answer has (it holds the evidence).
HANDSHAKES = {
    (0x01, 0x11): ("XX", (1217, 65), 1202),
    (0x02, 0x12): ("IK", (1298,), 1154),
    (0x02, 0x13): ("fallback", (1298, 1169), 1298),
}


class Stream:
    """Both directions of one connection."""

    def __init__(self, name):
        self.name = name
        self.to_guest = bytearray()
        self.from_guest = bytearray()


class NotTheChannel(Exception):
    pass


def records(stream, data, may_be_cut):
    """The bodies; of a connection that was cut off the last may be in part."""
    at, bodies = 0, []
    while at < len(data):
        if len(data) - at < 2 or len(data) - at - 2 < int.from_bytes(data[at : at + 2], "big"):
            if may_be_cut:
                return bodies
            raise NotTheChannel(f"{stream.name}: {len(data) - at} bytes at {at} are no record")
        size = int.from_bytes(data[at : at + 2], "big")
        if size == 0:
            raise NotTheChannel(f"{stream.name}: a record of no length at {at}")
        bodies.append(bytes(data[at + 2 : at + 2 + size]))
        at += 2 + size
    return bodies


def looks_random(body):
    """Ciphertext has no text in it: of so many bytes no value is much more frequent than the others. Zeros, JSON and English are far from that."""
    most = max(body.count(bytes([value])) for value in set(body))
    return most <= len(body) / 256 + 8 * (len(body) / 256) ** 0.5 + 4


def check_stream(stream, may_be_cut=False):
    """Gives the number of transport records. Raises NotTheChannel."""
    to_guest, from_guest = (records(stream, data, may_be_cut) for data in (stream.to_guest, stream.from_guest))
    if not to_guest and not from_guest:
        return 0  # it was opened and closed
    kinds = (to_guest[0][0] if to_guest else None, from_guest[0][0] if from_guest else None)
    if kinds not in HANDSHAKES:
        raise NotTheChannel(f"{stream.name}: begins with {kinds}, which is no handshake")
    name, sent, least = HANDSHAKES[kinds]
    sizes = tuple(len(body) for body in to_guest[: len(sent)])
    if sizes != sent[: len(sizes)] or len(from_guest[0]) < least:
        raise NotTheChannel(f"{stream.name}: {name} with messages of {sizes}, answered by {len(from_guest[0])}")
    count = 0
    for sender, bodies, handshake in (("client", to_guest, len(sent)), ("guest", from_guest, 1)):
        for at, body in enumerate(bodies):
            if at >= handshake and len(body) not in RECORD_SIZES:
                raise NotTheChannel(f"{stream.name}: a record of the {sender}'s of {len(body)} bytes, which is no bucket")
            if not looks_random(body):
                raise NotTheChannel(f"{stream.name}: a record of the {sender}'s that is not encrypted")
        count += max(0, len(bodies) - handshake)
    return count


# ---- pcap, as QEMU's filter-dump writes it: Ethernet, IPv4, TCP ----

ETHER_ARP, ETHER_IPV4, PROTOCOL_TCP = 0x0806, 0x0800, 6
GUEST_ADDRESS = bytes.fromhex("525400123456")  # QEMU's for a first network device


def packets_of(data):
    if len(data) < 24 or struct.unpack_from("<I", data)[0] != 0xA1B2C3D4 or struct.unpack_from("<I", data, 20)[0] != 1:
        raise NotTheChannel("a capture of another form")
    at = 24
    while at + 16 <= len(data):
        kept, size = struct.unpack_from("<II", data, at + 8)
        if kept != size:
            raise NotTheChannel("a packet was not captured whole")
        yield data[at + 16 : at + 16 + kept]
        at += 16 + kept


def streams_of_pcap(data, guest, port):
    """The connections to that address and port, each direction in the order of its sequence numbers. Anything else that
    the guest sends but ARP, and TCP that is refused (no byte of content), is not the channel."""
    streams, pieces = {}, {}
    for packet in packets_of(data):
        kind = int.from_bytes(packet[12:14], "big")
        if kind == ETHER_ARP:
            continue
        if kind != ETHER_IPV4 or packet[14] >> 4 != 4 or packet[23] != PROTOCOL_TCP:
            if packet[6:12] != GUEST_ADDRESS:
                continue  # the host's own: QEMU's network says every few minutes, over IPv6, that it is a router
            raise NotTheChannel(f"a packet that is neither ARP nor TCP: {packet[:40].hex()}")
        header = (packet[14] & 15) * 4
        total = int.from_bytes(packet[16:18], "big")
        source, target = (".".join(map(str, packet[at : at + 4])) for at in (26, 30))
        segment = packet[14 + header : 14 + total]
        source_port, target_port, sequence = struct.unpack_from(">HHI", segment)
        content, flags = segment[(segment[12] >> 4) * 4 :], segment[13]
        inwards = (target, target_port) == (guest, port)
        if not inwards and (source, source_port) != (guest, port):
            if content:
                raise NotTheChannel(f"{source}:{source_port} to {target}:{target_port} has content")
            if source == guest and flags & 0x12 == 0x02:
                raise NotTheChannel(f"the guest connects to {target}:{target_port}")
            continue
        key = (source, source_port) if inwards else (target, target_port)
        # A port that is used again is another connection: it begins with SYN.
        if inwards and flags & 0x12 == 0x02:
            if key in streams and pieces[key][2] != sequence:
                key_old = (*key, len(streams))
                streams[key_old], pieces[key_old] = streams.pop(key), pieces.pop(key)
            if key not in streams:
                streams[key], pieces[key] = Stream(f"{key[0]}:{key[1]}"), ({}, {}, sequence)
        if key not in streams:
            if content:
                raise NotTheChannel(f"content of a connection that never began, {key}")
            continue
        if content:
            pieces[key][0 if inwards else 1].setdefault(sequence, bytes(content))
    for key, stream in streams.items():
        for side, into in zip(pieces[key][:2], (stream.to_guest, stream.from_guest)):
            join(side, into, stream.name)
    return list(streams.values())


def join(side, into, name):
    """Segments in order, of which one may be there again in part."""
    if not side:
        return
    base = min(side)
    if max(side) - base > 1 << 31:  # numbers have begun again
        base = min(s for s in side if s > 1 << 31)
    for sequence in sorted(side, key=lambda s: (s - base) % (1 << 32)):
        at = (sequence - base) % (1 << 32)
        if at > len(into):
            raise NotTheChannel(f"{name}: bytes {len(into)} to {at} are not in the capture")
        into += side[sequence][len(into) - at :]
