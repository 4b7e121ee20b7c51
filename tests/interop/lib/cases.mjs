// SPDX-License-Identifier: Apache-2.0
// What is tried between two implementations, and how an outcome is judged.

import { converse, keyPair } from './pair.mjs';

// The messages of each pattern as sent by the initiator (I) and the responder (R) of the original handshake, and who needs which
// static key. The fallbacks are the whole of Noise Pipes: an IK message under a key that is gone, then the fallback's two.
const PATTERN_FACTS = {
  NK: { senders: 'IR', initiatorStatic: false, knowsResponder: true },
  XX: { senders: 'IRI', initiatorStatic: true, knowsResponder: false },
  IK: { senders: 'IR', initiatorStatic: true, knowsResponder: true },
  XXfallback: { senders: 'IRI', initiatorStatic: true, knowsResponder: true, startsAs: 'IK' },
  NKhfs: { senders: 'IR', initiatorStatic: false, knowsResponder: true },
  XXhfs: { senders: 'IRI', initiatorStatic: true, knowsResponder: false },
  IKhfs: { senders: 'IR', initiatorStatic: true, knowsResponder: true },
  'XXfallback+hfs': { senders: 'IRI', initiatorStatic: true, knowsResponder: true, startsAs: 'IKhfs' },
};

const protocolName = (pattern, cipher, hash) =>
  `Noise_${pattern}_25519${pattern.endsWith('hfs') ? '+MLKEM768' : ''}_${cipher}_${hash}`;

/** The protocols that both implementations have. */
export function commonProtocols(a, b) {
  const both = (field) => a[field].filter((item) => b[field].includes(item));
  const protocols = [];
  for (const pattern of both('patterns')) {
    for (const cipher of both('ciphers')) {
      for (const hash of both('hashes')) protocols.push({ pattern, cipher, hash });
    }
  }
  return protocols;
}

function prepare({ pattern, cipher, hash }, rekey, change = {}) {
  const facts = PATTERN_FACTS[pattern];
  const initiator = keyPair();
  const responder = keyPair();
  const believed = facts.startsAs || change.wrongStatic ? keyPair() : responder;
  const prologue = Buffer.from('enclume interop').toString('hex');
  const common = ['--name', protocolName(facts.startsAs ?? pattern, cipher, hash),
    ...(facts.startsAs ? ['--fallback'] : []), ...(rekey ? [] : ['--no-rekey'])];
  return {
    keys: { initiator: facts.initiatorStatic ? initiator.publicKey : null, responder: responder.publicKey },
    args: {
      initiator: [...common, '--role', 'initiator', '--prologue', prologue,
        ...(facts.initiatorStatic ? ['--s', initiator.privateKey] : []),
        ...(facts.knowsResponder ? ['--rs', believed.publicKey] : [])],
      responder: [...common, '--role', 'responder', '--prologue', change.wrongPrologue ? `${prologue}00` : prologue,
        '--s', responder.privateKey],
    },
  };
}

/** null when both sides succeeded, agree on the handshake hash and saw each other's true static key; else what is wrong. */
export function judgeAgreement(outcome, keys) {
  for (const side of ['initiator', 'responder']) {
    if (outcome[side].broken) return `${side} ${outcome[side].broken}`;
  }
  const bad = ['initiator', 'responder'].filter((side) => !outcome[side].ok);
  if (bad.length > 0) return bad.map((side) => `${side}: ${outcome[side].error}`).join('; ');
  const { initiator, responder } = outcome;
  if (!/^([0-9a-f]{64}|[0-9a-f]{128})$/.test(initiator.h)) return `not a handshake hash: ${initiator.h}`;
  if (initiator.h !== responder.h) return `handshake hashes differ: ${initiator.h} ${responder.h}`;
  if (initiator.rs !== keys.responder) return `the initiator saw the static key ${initiator.rs}, not ${keys.responder}`;
  if (responder.rs !== keys.initiator) return `the responder saw the static key ${responder.rs}, not ${keys.initiator}`;
  return null;
}

/** null when both sides reported a failure in the orderly way. */
export function judgeRefusal(outcome) {
  for (const side of ['initiator', 'responder']) {
    if (outcome[side].broken) return `${side} ${outcome[side].broken}`;
    if (outcome[side].ok) return `the ${side} accepted it`;
  }
  return null;
}

const flip = (at) => (body) => {
  const changed = Buffer.from(body);
  changed[at(body)] ^= 1;
  return [changed];
};

const TAMPERINGS = {
  'first byte changed': flip(() => 0),
  'last byte changed': flip((body) => body.length - 1),
  'last byte cut off': (body) => [body.subarray(0, body.length - 1)],
  'one byte added': (body) => [Buffer.concat([body, Buffer.alloc(1)])],
  'cut to nothing': () => [Buffer.alloc(0)],
};

// On a transport message also what an authentic but misplaced message does.
const TRANSPORT_TAMPERINGS = {
  'first byte changed': TAMPERINGS['first byte changed'],
  'last byte cut off': TAMPERINGS['last byte cut off'],
  'sent twice': (body) => [body, body],
  'left out': () => [],
};

const onFrame = (wanted, change) => (index, body) => (index === wanted ? change(body) : [body]);

function tamperedCases(facts, thorough) {
  const cases = [];
  const sent = { initiator: 0, responder: 0 };
  [...facts.senders].forEach((letter, number) => {
    const side = letter === 'I' ? 'initiator' : 'responder';
    const frameIndex = sent[side]++;
    for (const [what, change] of Object.entries(TAMPERINGS)) {
      // Of an IK message that leads to a fallback only the ephemeral key is used: the rest was unreadable anyway.
      if (facts.startsAs && number === 0 && !['first byte changed', 'cut to nothing'].includes(what)) continue;
      if (!thorough && what !== 'first byte changed' && what !== 'last byte cut off') continue;
      cases.push({ label: `message ${number}, ${what}`, tamper: { [side]: onFrame(frameIndex, change) } });
    }
  });
  for (const side of ['initiator', 'responder']) {
    for (const [what, change] of Object.entries(TRANSPORT_TAMPERINGS)) {
      if (!thorough && what !== 'first byte changed' && what !== 'sent twice') continue;
      cases.push({ label: `first transport message of the ${side}, ${what}`, tamper: { [side]: onFrame(sent[side], change) } });
    }
  }
  return cases;
}

function refusalCases(protocol, thorough) {
  const facts = PATTERN_FACTS[protocol.pattern];
  const cases = tamperedCases(facts, thorough);
  cases.push({ label: 'prologues differ', change: { wrongPrologue: true } });
  if (facts.knowsResponder && !facts.startsAs) cases.push({ label: 'wrong responder key', change: { wrongStatic: true } });
  return cases;
}

/**
 * All cases between an implementation and a reference, both ways round: { label, run }, where run() gives null or what is wrong.
 * Every protocol is tried honestly; one suite of each pattern is also tampered with.
 */
export function casesBetween(peer, reference, { thorough = false } = {}) {
  const rekey = peer.rekey && reference.rekey;
  const cases = [];
  const tampered = new Set();
  const orders = peer.name === reference.name ? [[reference, peer]] : [[reference, peer], [peer, reference]];
  for (const protocol of commonProtocols(peer, reference)) {
    const name = protocolName(protocol.pattern, protocol.cipher, protocol.hash);
    const refusals = tampered.has(protocol.pattern) ? [] : refusalCases(protocol, thorough);
    tampered.add(protocol.pattern);
    for (const [initiator, responder] of orders) {
      const title = `${name} ${initiator.name} -> ${responder.name}`;
      let honest = null;
      const agreement = () => {
        honest ??= (async () => {
          const { keys, args } = prepare(protocol, rekey);
          return judgeAgreement(await converse({ initiator, responder, args }), keys);
        })();
        return honest;
      };
      cases.push({ label: title, run: agreement });
      for (const { label, tamper, change } of refusals) {
        cases.push({
          label: `${title}: refused: ${label}`,
          async run() {
            // Two programs that cannot even talk refuse everything, which would prove nothing.
            if ((await agreement()) !== null) return 'they do not agree when nothing is wrong';
            const { args } = prepare(protocol, rekey, change);
            return judgeRefusal(await converse({ initiator, responder, args, tamper }));
          },
        });
      }
    }
  }
  return cases;
}


