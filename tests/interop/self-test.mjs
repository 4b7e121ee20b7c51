// SPDX-License-Identifier: Apache-2.0
// Shows that the runner can fail: programs that lie, hang, crash or do not exist, and messages changed on the way, must be
// reported. Uses the second implementation on both sides.

import { judgeAgreement, judgeRefusal } from './lib/cases.mjs';
import { converse, keyPair } from './lib/pair.mjs';
import { findPeer } from './lib/peers.mjs';

const js = findPeer('js');
if (js.absent) {
  console.log(`skipped: ${js.absent}`);
  process.exit(77);
}

const program = (source) => ({ command: [process.execPath, '-e', source] });
const thread = (source) => ({ module: new URL(`data:text/javascript,${encodeURIComponent(source)}`) });
const saying = (report, code) => program(`process.stderr.write(${JSON.stringify(`${report}\n`)}, () => process.exit(${code}));`);

const initiatorKeys = keyPair();
const responderKeys = keyPair();
const keys = { initiator: initiatorKeys.publicKey, responder: responderKeys.publicKey };
const common = ['--name', 'Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256', '--prologue', '00'];
const honestArgs = {
  initiator: [...common, '--role', 'initiator', '--s', initiatorKeys.privateKey],
  responder: [...common, '--role', 'responder', '--s', responderKeys.privateKey],
};
const honest = { initiator: js, responder: js, args: honestArgs };

const changeFirst = (index, body) => {
  if (index === 0) body[body.length - 1] ^= 1;
  return [body];
};
const hash = '00'.repeat(32);
const claim = (h, rs) => saying(JSON.stringify({ ok: true, h, rs }), 0);
const twoClaims = (left, right) => ({ initiator: left, responder: right, args: { initiator: [], responder: [] } });

// [what, the conversation, the judge, whether the judge must find fault]
const CHECKS = [
  ['an honest conversation passes', honest, 'agreement', false],
  ['an honest conversation is no refusal', honest, 'refusal', true],
  ['a changed message is no agreement', { ...honest, tamper: { initiator: changeFirst } }, 'agreement', true],
  ['a changed message is a refusal by both ends', { ...honest, tamper: { initiator: changeFirst } }, 'refusal', false],
  ['a changed answer is a refusal by both ends', { ...honest, tamper: { responder: changeFirst } }, 'refusal', false],
  ['equal claims agree', twoClaims(claim(hash, keys.responder), claim(hash, keys.initiator)), 'agreement', false],
  ['different hashes do not', twoClaims(claim(hash, keys.responder), claim('11'.repeat(32), keys.initiator)), 'agreement', true],
  ['an empty hash does not', twoClaims(claim('', keys.responder), claim('', keys.initiator)), 'agreement', true],
  ['a wrong static key does not', twoClaims(claim(hash, keys.initiator), claim(hash, keys.initiator)), 'agreement', true],
  ['a missing static key does not', twoClaims(claim(hash, keys.responder), claim(hash, null)), 'agreement', true],
  ['success reported with exit code 1 is neither', twoClaims(saying('{"ok":true}', 1), saying('{"ok":false}', 1)), 'refusal', true],
  ['failure reported with exit code 0 is neither', twoClaims(saying('{"ok":false}', 0), saying('{"ok":false}', 1)), 'refusal', true],
  ['a crash is not a refusal', twoClaims(program('process.abort()'), saying('{"ok":false}', 1)), 'refusal', true],
  ['silence is not a refusal', twoClaims(program('process.exit(1)'), saying('{"ok":false}', 1)), 'refusal', true],
  ['a missing program is not a refusal', twoClaims({ command: ['/nonexistent'] }, saying('{"ok":false}', 1)), 'refusal', true],
  ['a hanging program is not a refusal', { ...twoClaims(program('setInterval(() => {}, 1000)'), saying('{"ok":false}', 1)), timeoutMs: 500 },
    'refusal', true],
  ['a thread that ends is not a refusal', twoClaims(thread('process.exit(1)'), saying('{"ok":false}', 1)), 'refusal', true],
  ['a thread that throws is not a refusal', twoClaims(thread('throw new Error("x")'), saying('{"ok":false}', 1)), 'refusal', true],
  ['a hanging thread is not a refusal', { ...twoClaims(thread('setInterval(() => {}, 1000)'), saying('{"ok":false}', 1)), timeoutMs: 500 },
    'refusal', true],
];

let failed = 0;
for (const [what, conversation, judge, faulty] of CHECKS) {
  const outcome = await converse(conversation);
  const problem = judge === 'agreement' ? judgeAgreement(outcome, keys) : judgeRefusal(outcome);
  const right = (problem !== null) === faulty;
  if (!right) failed++;
  console.log(`${right ? 'ok  ' : 'FAIL'} ${what}${problem ? ` (${problem})` : ''}`);
}
console.log(`${CHECKS.length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 ? 0 : 1);
