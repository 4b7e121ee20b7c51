// SPDX-License-Identifier: Apache-2.0
// The implementations: what each can do, how its program is started, and why it is absent when it is.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { depsDir, isInstalled } from '../js/modules.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const CLASSICAL = ['NK', 'XX', 'IK', 'XXfallback'];
const HYBRID = ['NKhfs', 'XXhfs', 'IKhfs', 'XXfallback+hfs'];
const CIPHERS = ['AESGCM', 'ChaChaPoly'];

const node = (...path) => ({ module: join(root, ...path) });

/** ./setup leaves a file for each peer that is not from npm: empty when it is there, else the reason why not. */
function setupReason(peer) {
  const file = join(depsDir, 'status', peer);
  if (!existsSync(file)) return 'tests/interop/setup has not been run';
  return readFileSync(file, 'utf8').trim() || null;
}

function npmReason(tree, name) {
  return isInstalled(tree, name) ? null : `the npm package ${name} is not installed (tests/interop/setup)`;
}

const python = (script) => ({
  command: ['/usr/bin/python3', join(root, 'peers', script)],
  env: { PYTHONPATH: join(depsDir, 'debian', 'usr', 'lib', 'python3', 'dist-packages'), PYTHONDONTWRITEBYTECODE: '1' },
});

const PEERS = {
  js: {
    patterns: [...CLASSICAL, ...HYBRID],
    ciphers: CIPHERS,
    hashes: ['SHA256', 'SHA512', 'BLAKE2s', 'BLAKE2b'],
    rekey: true,
    start: node('js', 'peer.mjs'),
    absent: () => npmReason('js', '@noble/post-quantum'),
  },
  dissononce: {
    patterns: CLASSICAL,
    ciphers: CIPHERS,
    hashes: ['SHA256', 'SHA512', 'BLAKE2s', 'BLAKE2b'],
    rekey: true,
    start: python('dissononce_peer.py'),
    absent: () => setupReason('dissononce'),
  },
  noiseprotocol: {
    patterns: ['NK', 'XX', 'IK'],
    ciphers: CIPHERS,
    hashes: ['SHA256', 'SHA512', 'BLAKE2s', 'BLAKE2b'],
    rekey: true,
    start: python('noiseprotocol_peer.py'),
    absent: () => setupReason('noiseprotocol'),
  },
  flynn: {
    patterns: CLASSICAL,
    ciphers: CIPHERS,
    hashes: ['SHA256', 'SHA512', 'BLAKE2s', 'BLAKE2b'],
    rekey: true,
    start: { command: [join(depsDir, 'bin', 'flynn_peer')] },
    absent: () => setupReason('flynn'),
  },
  'noise-handshake': {
    patterns: ['XX', 'IK'],
    ciphers: ['ChaChaPoly'],
    hashes: ['BLAKE2b'],
    rekey: false, // the library has no Rekey()
    start: node('peers', 'noise-handshake.mjs'),
    absent: () => npmReason('peers', 'noise-handshake'),
  },
  'libp2p-noise': {
    patterns: ['XX'],
    ciphers: ['ChaChaPoly'],
    hashes: ['SHA256'],
    rekey: false, // the library has no Rekey()
    start: node('peers', 'libp2p-noise.mjs'),
    absent: () => npmReason('peers', '@chainsafe/libp2p-noise'),
  },
};

export const peerNames = Object.keys(PEERS);

/** { name, patterns, ciphers, hashes, rekey, absent: reason or null }, and command and env of a program, or the module of a thread */
export function findPeer(name) {
  const { start, absent, ...abilities } = PEERS[name];
  return { name, ...abilities, ...start, absent: absent() };
}

/** The implementation under test, as the program at `path`. */
export function cPeer(path) {
  return {
    name: 'c', patterns: [...CLASSICAL, ...HYBRID], ciphers: CIPHERS, hashes: ['SHA256', 'SHA512', 'BLAKE2s'], rekey: true,
    command: [path], absent: existsSync(path) ? null : `${path} is not built`,
  };
}
