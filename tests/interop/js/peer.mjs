// SPDX-License-Identifier: Apache-2.0
// The second implementation as a program (README.md, "Driver protocol").

import { runPeer } from './driver.mjs';
import { HandshakeState } from './noise.mjs';
import { DH, EMPTY } from './primitives.mjs';

const fallbackName = (name) => name.replace('_IKhfs_', '_XXfallback+hfs_').replace('_IK_', '_XXfallback_');

/** Noise Pipes (section 10.4): IK first; `switchTo` replaces it by XXfallback once its first message has been of no use. */
function makeSession({ name, initiator, prologue, s, rs, fallback }) {
  const own = s && DH.fromPrivate(s);
  let state = new HandshakeState({ name, alice: initiator, prologue, s: own, rs });
  let pending = fallback;

  function switchTo(keys) {
    pending = false;
    state = new HandshakeState({ name: fallbackName(name), alice: initiator, prologue, s: own, ...keys });
  }

  function readUseless(message) {
    try {
      state.readMessage(message);
    } catch {
      switchTo({ re: state.re });
      return null;
    }
    throw new Error('the IK message should not have been readable');
  }

  return {
    turn: () => (state.done ? 'done' : state.ourTurn ? 'write' : 'read'),
    write(payload) {
      const message = state.writeMessage(payload);
      if (pending && initiator) switchTo({ e: state.e });
      return message;
    },
    read: (message) => (pending ? readUseless(message) : state.readMessage(message)),
    finish() {
      const { send, receive } = state.split();
      return {
        send: (plain) => send.encryptWithAd(EMPTY, plain),
        receive: (sealed) => receive.decryptWithAd(EMPTY, sealed),
        rekey() {
          send.rekey();
          receive.rekey();
        },
        h: state.handshakeHash,
        rs: state.rs,
      };
    },
  };
}

await runPeer(makeSession);
