// SPDX-License-Identifier: Apache-2.0
// The functions of sections 4 and 12 of the Noise specification (revision 34), over the noble libraries: nothing here shares
// a line or a library with the C implementation.

import { randomBytes } from 'node:crypto';
import { requireFrom } from './modules.mjs';

const require = requireFrom('js');
const { x25519 } = require('@noble/curves/ed25519');
const { gcm } = require('@noble/ciphers/aes');
const { chacha20poly1305 } = require('@noble/ciphers/chacha');
const { sha256, sha512 } = require('@noble/hashes/sha2');
const { blake2b, blake2s } = require('@noble/hashes/blake2');
const { hmac } = require('@noble/hashes/hmac');
const { ml_kem768 } = require('@noble/post-quantum/ml-kem');

export const EMPTY = new Uint8Array(0);

export function concat(...parts) {
  return new Uint8Array(Buffer.concat(parts));
}

// Sections 4.1 and 12.1. noble refuses a public key of small order, which section 12.1 allows.
export const DH = {
  length: 32,
  generate() {
    return DH.fromPrivate(new Uint8Array(randomBytes(32)));
  },
  fromPrivate(privateKey) {
    return { privateKey, publicKey: x25519.getPublicKey(privateKey) };
  },
  dh(pair, publicKey) {
    return x25519.getSharedSecret(pair.privateKey, publicKey);
  },
};

// ML-KEM-768 (FIPS 203), the KEM functions of the hybrid forward secrecy draft, section 2.
export const KEM = {
  publicKeyLength: 1184,
  ciphertextLength: 1088,
  generate() {
    const { publicKey, secretKey } = ml_kem768.keygen();
    return { publicKey, secretKey };
  },
  encapsulate(publicKey) {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey);
    return { ciphertext: cipherText, output: sharedSecret };
  },
  decapsulate(pair, ciphertext) {
    return ml_kem768.decapsulate(ciphertext, pair.secretKey);
  },
};

export const TAG_LENGTH = 16;

// Section 12.3: 32 bits of zeros, then the big-endian n. Section 12.4: the same with the little-endian n (RFC 8439).
function nonceBytes(n, littleEndian) {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, n, littleEndian);
  return nonce;
}

function cipher(aead, littleEndian) {
  return {
    encrypt: (k, n, ad, plaintext) => aead(k, nonceBytes(n, littleEndian), ad).encrypt(plaintext),
    decrypt: (k, n, ad, ciphertext) => aead(k, nonceBytes(n, littleEndian), ad).decrypt(ciphertext),
  };
}

export const CIPHERS = { AESGCM: cipher(gcm, false), ChaChaPoly: cipher(chacha20poly1305, true) };

// Section 4.3. HKDF there has the chaining key as HMAC key and no info: written out, not taken from a library.
function hashFunction(algorithm, length) {
  return {
    length,
    hash: (data) => algorithm(data),
    hkdf(chainingKey, inputKeyMaterial, outputs) {
      const temp = hmac(algorithm, chainingKey, inputKeyMaterial);
      const result = [];
      let previous = EMPTY;
      for (let i = 1; i <= outputs; i++) {
        previous = hmac(algorithm, temp, concat(previous, Uint8Array.of(i)));
        result.push(previous);
      }
      return result;
    },
  };
}

export const HASHES = {
  SHA256: hashFunction(sha256, 32),
  SHA512: hashFunction(sha512, 64),
  BLAKE2s: hashFunction(blake2s, 32),
  BLAKE2b: hashFunction(blake2b, 64),
};
