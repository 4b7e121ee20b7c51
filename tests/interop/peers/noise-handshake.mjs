// SPDX-License-Identifier: Apache-2.0
// Driver for the npm package noise-handshake. It knows BLAKE2b only, so it talks with the second implementation, not with ours.

import { runPeer } from '../js/driver.mjs';
import { requireFrom } from '../js/modules.mjs';

const require = requireFrom('peers');
const NoiseState = require('noise-handshake');
const CipherState = require('noise-handshake/cipher');
const dh = require('noise-handshake/dh');

function makeSession({ name, initiator, prologue, s, rs }) {
  const pattern = /^Noise_(XX|IK)_25519_ChaChaPoly_BLAKE2b$/.exec(name)?.[1];
  if (!pattern) throw new Error(`noise-handshake does not speak ${name}`);
  const state = new NoiseState(pattern, initiator, dh.generateKeyPair(Buffer.from(s)));
  state.initialise(Buffer.from(prologue), rs && Buffer.from(rs));
  let ourTurn = initiator;
  return {
    turn: () => (state.complete ? 'done' : ourTurn ? 'write' : 'read'),
    write(payload) {
      ourTurn = false;
      return state.send(Buffer.from(payload));
    },
    read(message) {
      ourTurn = true;
      return state.recv(Buffer.from(message));
    },
    finish() {
      const send = new CipherState(state.tx);
      const receive = new CipherState(state.rx);
      return {
        send: (plain) => send.encrypt(Buffer.from(plain)),
        receive: (sealed) => receive.decrypt(Buffer.from(sealed)),
        rekey() {
          throw new Error('noise-handshake has no Rekey()');
        },
        h: state.hash,
        rs: state.rs,
      };
    },
  };
}

await runPeer(makeSession);
