// SPDX-License-Identifier: Apache-2.0
// Driver for the Noise core of the npm package @chainsafe/libp2p-noise: its XX handshake state, without libp2p's own payloads.
// The package exports only the libp2p connection, so the module of the handshake is loaded by its path.

import { webcrypto } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { runPeer } from '../js/driver.mjs';
import { modulePath } from '../js/modules.mjs';

// Node 18 has it, but not as a global, where the package looks for it.
globalThis.crypto ??= webcrypto;

const load = (...parts) =>
  import(pathToFileURL(modulePath('peers', '@chainsafe', 'libp2p-noise', 'dist', 'src', ...parts)).href);
const { XXHandshakeState, ZEROLEN } = await load('protocol.js');
const { wrapCrypto } = await load('crypto.js');
const { pureJsCrypto } = await load('crypto', 'js.js');
const { Uint8ArrayList } = await import(pathToFileURL(modulePath('peers', 'uint8arraylist', 'dist', 'src', 'index.js')).href);

const STEPS = [['writeMessageA', 'readMessageA'], ['writeMessageB', 'readMessageB'], ['writeMessageC', 'readMessageC']];

function makeSession({ name, initiator, prologue, s }) {
  const protocolName = 'Noise_XX_25519_ChaChaPoly_SHA256';
  if (name !== protocolName) throw new Error(`libp2p-noise does not speak ${name}`);
  const { publicKey, privateKey } = pureJsCrypto.generateX25519KeyPairFromSeed(s);
  const state = new XXHandshakeState({ crypto: wrapCrypto(pureJsCrypto), protocolName, initiator, prologue, s: { publicKey, privateKey } });
  let step = 0;
  const ourTurn = () => (step % 2 === 0) === initiator;
  return {
    turn: () => (step === STEPS.length ? 'done' : ourTurn() ? 'write' : 'read'),
    write: (payload) => state[STEPS[step++][0]](payload).subarray(),
    read: (message) => state[STEPS[step++][1]](new Uint8ArrayList(message)).subarray(),
    finish() {
      const [first, second] = state.ss.split();
      const [send, receive] = initiator ? [first, second] : [second, first];
      return {
        send: (plain) => send.encryptWithAd(ZEROLEN, plain).subarray(),
        receive: (sealed) => receive.decryptWithAd(ZEROLEN, sealed).subarray(),
        rekey() {
          throw new Error('libp2p-noise has no Rekey()');
        },
        h: state.ss.h,
        rs: state.rs.subarray(),
      };
    },
  };
}

await runPeer(makeSession);
