// SPDX-License-Identifier: Apache-2.0
// Holds the second implementation against other people's test vectors: node vectors.mjs DIRECTORY...
// The first directory that exists is used; exit code 77 (skipped) when there is none.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled } from './modules.mjs';

if (!isInstalled('js', '@noble/post-quantum')) {
  console.log('skipped: the npm modules are not installed (tests/interop/setup)');
  process.exit(77);
}
const { HandshakeState, parseName } = await import('./noise.mjs');
const { DH } = await import('./primitives.mjs');

const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const pair = (text) => (text === undefined ? null : DH.fromPrivate(unhex(text)));
const key = (text) => (text === undefined ? null : unhex(text));

const fallbackName = (name) => name.replace('_XXfallback_', '_IK_');

function isOurs(vector) {
  const name = vector.protocol_name ?? vector.name;
  if ((vector.init_psks ?? []).length > 0 || vector.init_psk !== undefined) return false;
  try {
    parseName(name);
    return true;
  } catch {
    return false;
  }
}

function party(vector, name, alice, extra) {
  const [own, prologue] = alice ? ['init', vector.init_prologue] : ['resp', vector.resp_prologue];
  return new HandshakeState({
    name, alice, prologue: unhex(prologue ?? ''), s: pair(vector[`${own}_static`]),
    rs: key(vector[`${own}_remote_static`]), nextEphemeral: pair(vector[`${own}_ephemeral`]), ...extra,
  });
}

function expectEqual(what, seen, wanted) {
  if (seen !== wanted) throw new Error(`${what}: ${seen}, wanted ${wanted}`);
}

function exchange(sender, receiver, message, index) {
  const written = sender.writeMessage(unhex(message.payload));
  expectEqual(`message ${index}`, hex(written), message.ciphertext);
  expectEqual(`payload ${index}`, hex(receiver.readMessage(written)), message.payload);
}

// Noise Pipes (section 10.4): message 0 is IK's, under a static key that the responder does not have.
function startFallback(vector, name) {
  const ik = fallbackName(name);
  const alice = party(vector, ik, true);
  const bob = party(vector, ik, false);
  const message = alice.writeMessage(unhex(vector.messages[0].payload));
  expectEqual('message 0', hex(message), vector.messages[0].ciphertext);
  let refused = false;
  try {
    bob.readMessage(message);
  } catch {
    refused = true;
  }
  expectEqual('IK message under the wrong static key is refused', refused, true);
  return {
    alice: party(vector, name, true, { e: alice.e, rs: null }),
    bob: party(vector, name, false, { re: bob.re }),
  };
}

function run(vector) {
  const name = vector.protocol_name ?? vector.name;
  const pipes = vector.fallback === true;
  const { alice, bob } = pipes ? startFallback(vector, name)
    : { alice: party(vector, name, true), bob: party(vector, name, false) };
  let index = pipes ? 1 : 0;
  for (; !alice.done; index++) {
    const [sender, receiver] = alice.ourTurn ? [alice, bob] : [bob, alice];
    exchange(sender, receiver, vector.messages[index], index);
  }
  if (vector.handshake_hash !== undefined) expectEqual('handshake hash', hex(alice.handshakeHash), vector.handshake_hash);
  expectEqual("Bob's handshake hash", hex(bob.handshakeHash), hex(alice.handshakeHash));

  const ciphers = [alice.split(), bob.split()];
  for (; index < vector.messages.length; index++) {
    const message = vector.messages[index];
    const [send, receive] = index % 2 === 0 ? [ciphers[0].send, ciphers[1].receive] : [ciphers[1].send, ciphers[0].receive];
    const sealed = send.encryptWithAd(new Uint8Array(0), unhex(message.payload));
    expectEqual(`transport message ${index}`, hex(sealed), message.ciphertext);
    expectEqual(`transport payload ${index}`, hex(receive.decryptWithAd(new Uint8Array(0), sealed)), message.payload);
  }
}

const directory = process.argv.slice(2).find((path) => existsSync(path));
if (directory === undefined) {
  console.log(`skipped: no Noise test vectors in any of: ${process.argv.slice(2).join(' ')}`);
  process.exit(77);
}

let passed = 0;
let failed = 0;
const seen = new Set();
for (const file of readdirSync(directory).filter((name) => name.endsWith('.txt')).sort()) {
  let here = 0;
  for (const vector of JSON.parse(readFileSync(join(directory, file), 'utf8')).vectors.filter(isOurs)) {
    try {
      run(vector);
      here++;
      seen.add(parseName(vector.protocol_name ?? vector.name).patternName);
    } catch (error) {
      failed++;
      console.log(`not ok ${file} ${vector.protocol_name ?? vector.name}: ${error.message}`);
    }
  }
  passed += here;
  console.log(`${file}: ${here} passed`);
}
// A directory without a vector for one of these would make the check say less than it claims. Not every set has a fallback.
for (const pattern of ['NK', 'XX', 'IK'].filter((name) => !seen.has(name))) {
  failed++;
  console.log(`not ok: no vector for ${pattern} passed`);
}
const skipped = seen.has('XXfallback') ? 0 : 1;
if (skipped) console.log(`skip XXfallback: no vector for it in ${directory}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);
