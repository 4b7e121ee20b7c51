// SPDX-License-Identifier: Apache-2.0
// The Noise protocol framework, revision 34, section 5, with the tokens e1 and ekem1 of the hybrid forward secrecy draft. Written
// from the specification alone, as a second opinion on src/noise: slow, plain, and without any care for secrets in memory.

import { CIPHERS, DH, EMPTY, HASHES, KEM, TAG_LENGTH, concat } from './primitives.mjs';
import { PATTERNS } from './patterns.mjs';

const MESSAGE_MAX = 65535;         // section 3
const NONCE_REKEY = 2n ** 64n - 1n; // section 4.2

/** Section 8: "Noise_" pattern "_" dh "_" cipher "_" hash. */
export function parseName(name) {
  const parts = name.split('_');
  const [noise, patternName, dh, cipherName, hashName] = parts;
  const pattern = PATTERNS[patternName];
  const hybrid = pattern !== undefined && pattern.messages.some(({ tokens }) => tokens.includes('e1'));
  const known = parts.length === 5 && noise === 'Noise' && pattern && dh === (hybrid ? '25519+MLKEM768' : '25519') &&
    CIPHERS[cipherName] && HASHES[hashName];
  if (!known) throw new Error(`no such protocol: ${name}`);
  return { name, patternName, pattern, cipher: CIPHERS[cipherName], hash: HASHES[hashName] };
}

/** Section 5.1. */
export class CipherState {
  constructor(cipher, key = null) {
    this.cipher = cipher;
    this.k = key;
    this.n = 0n;
  }

  encryptWithAd(ad, plaintext) {
    if (this.k === null) return plaintext;
    if (this.n === NONCE_REKEY) throw new Error('nonce exhausted');
    return this.cipher.encrypt(this.k, this.n++, ad, plaintext);
  }

  decryptWithAd(ad, ciphertext) {
    if (this.k === null) return ciphertext;
    if (this.n === NONCE_REKEY) throw new Error('nonce exhausted');
    if (ciphertext.length < TAG_LENGTH) throw new Error('ciphertext is shorter than its tag');
    const plaintext = this.cipher.decrypt(this.k, this.n, ad, ciphertext);
    this.n++;
    return plaintext;
  }

  /** Sections 4.2 and 11.3; n goes on counting. */
  rekey() {
    this.k = this.cipher.encrypt(this.k, NONCE_REKEY, EMPTY, new Uint8Array(32)).slice(0, 32);
  }
}

/** Section 5.2. */
class SymmetricState {
  constructor({ name, cipher, hash }) {
    const nameBytes = new TextEncoder().encode(name);
    this.hash = hash;
    this.cipher = cipher;
    this.h = nameBytes.length <= hash.length ? concat(nameBytes, new Uint8Array(hash.length - nameBytes.length)) : hash.hash(nameBytes);
    this.ck = this.h;
    this.cipherState = new CipherState(cipher);
  }

  mixKey(inputKeyMaterial) {
    const [ck, key] = this.hash.hkdf(this.ck, inputKeyMaterial, 2);
    this.ck = ck;
    this.cipherState = new CipherState(this.cipher, key.slice(0, 32));
  }

  mixHash(data) {
    this.h = this.hash.hash(concat(this.h, data));
  }

  encryptAndHash(plaintext) {
    const ciphertext = this.cipherState.encryptWithAd(this.h, plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  decryptAndHash(ciphertext) {
    const plaintext = this.cipherState.decryptWithAd(this.h, ciphertext);
    this.mixHash(ciphertext);
    return plaintext;
  }

  /** What EncryptAndHash adds to the length of its input at this moment. */
  get overhead() {
    return this.cipherState.k === null ? 0 : TAG_LENGTH;
  }

  split() {
    return this.hash.hkdf(this.ck, EMPTY, 2).map((key) => new CipherState(this.cipher, key.slice(0, 32)));
  }
}

class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(length) {
    if (this.bytes.length - this.at < length) throw new Error('message is too short');
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  rest() {
    return this.take(this.bytes.length - this.at);
  }
}

/**
 * Section 5.3. `alice` says which side of the arrows this party is on: true for the party that began the original handshake, also
 * in a fallback pattern, where Bob speaks first. `nextEphemeral` (known-answer tests) replaces the generated ephemeral key pair.
 */
export class HandshakeState {
  constructor({ name, alice, prologue = EMPTY, s = null, e = null, rs = null, re = null, nextEphemeral = null }) {
    const protocol = parseName(name);
    Object.assign(this, { alice, s, e, rs, re, nextEphemeral });
    this.e1 = null;
    this.re1 = null;
    this.messages = [...protocol.pattern.messages];
    this.aliceFirst = this.messages[0].fromAlice;
    this.symmetric = new SymmetricState(protocol);
    this.symmetric.mixHash(prologue);
    for (const { fromAlice, tokens } of protocol.pattern.preMessages) {
      for (const token of tokens) this.symmetric.mixHash(this.preMessageKey(token, fromAlice === alice));
    }
  }

  preMessageKey(token, own) {
    const key = own ? this[token]?.publicKey : this[`r${token}`];
    if (!key) throw new Error(`the pattern needs ${own ? '' : 'r'}${token} before the first message`);
    return key;
  }

  get done() {
    return this.messages.length === 0;
  }

  get ourTurn() {
    return !this.done && this.messages[0].fromAlice === this.alice;
  }

  get handshakeHash() {
    return this.symmetric.h;
  }

  mixDh(token) {
    const [own, remote] = this.alice ? [token[0], token[1]] : [token[1], token[0]];
    this.symmetric.mixKey(DH.dh(this[own], this[`r${remote}`]));
  }

  writeMessage(payload) {
    if (!this.ourTurn) throw new Error('not our turn to write');
    const writers = {
      e: () => {
        this.e = this.nextEphemeral ?? DH.generate();
        this.symmetric.mixHash(this.e.publicKey);
        return this.e.publicKey;
      },
      s: () => this.symmetric.encryptAndHash(this.s.publicKey),
      e1: () => {
        this.e1 = KEM.generate();
        return this.symmetric.encryptAndHash(this.e1.publicKey);
      },
      ekem1: () => {
        const { ciphertext, output } = KEM.encapsulate(this.re1);
        const sealed = this.symmetric.encryptAndHash(ciphertext);
        this.symmetric.mixKey(output);
        return sealed;
      },
    };
    const parts = [];
    for (const token of this.messages.shift().tokens) {
      if (writers[token]) parts.push(writers[token]());
      else this.mixDh(token);
    }
    parts.push(this.symmetric.encryptAndHash(payload));
    const message = concat(...parts);
    if (message.length > MESSAGE_MAX) throw new Error('message is too long');
    return message;
  }

  readMessage(message) {
    if (this.done || this.ourTurn) throw new Error('not our turn to read');
    if (message.length > MESSAGE_MAX) throw new Error('message is too long');
    const cursor = new Cursor(message);
    const sealed = (length) => this.symmetric.decryptAndHash(cursor.take(length + this.symmetric.overhead));
    const readers = {
      e: () => {
        this.re = cursor.take(DH.length);
        this.symmetric.mixHash(this.re);
      },
      s: () => {
        this.rs = sealed(DH.length);
      },
      e1: () => {
        this.re1 = sealed(KEM.publicKeyLength);
      },
      ekem1: () => {
        const ciphertext = sealed(KEM.ciphertextLength);
        this.symmetric.mixKey(KEM.decapsulate(this.e1, ciphertext));
      },
    };
    for (const token of this.messages.shift().tokens) {
      if (readers[token]) readers[token]();
      else this.mixDh(token);
    }
    return this.symmetric.decryptAndHash(cursor.rest());
  }

  /**
   * Section 5.2, Split(): the first cipher is the initiator's, that is, of the party that sent the first message of *this*
   * handshake. In a fallback pattern that is Bob.
   */
  split() {
    if (!this.done) throw new Error('the handshake is not done');
    const [first, second] = this.symmetric.split();
    return this.alice === this.aliceFirst ? { send: first, receive: second } : { send: second, receive: first };
  }
}
