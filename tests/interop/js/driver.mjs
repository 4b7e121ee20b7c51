// SPDX-License-Identifier: Apache-2.0
// The driver protocol (README.md) for implementations that are reached from JavaScript. An implementation gives a function that
// makes a session from the parsed arguments:
//
//   session.turn()          'write', 'read' or 'done'
//   session.write(payload)  the next handshake message
//   session.read(message)   its payload; null for an IK message that could not be read and led to the fallback
//   session.finish()        { send(plain), receive(sealed), rekey(), h, rs }

import { parseArgs } from 'node:util';

const TRANSPORT_MESSAGES = 3; // before the rekey, and again after it

const text = (string) => new TextEncoder().encode(string);
const unhex = (string) => (string === undefined ? null : new Uint8Array(Buffer.from(string, 'hex')));

function arguments_() {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      role: { type: 'string' },
      prologue: { type: 'string', default: '' },
      s: { type: 'string' },
      rs: { type: 'string' },
      fallback: { type: 'boolean', default: false },
      'no-rekey': { type: 'boolean', default: false },
    },
  });
  if (!['initiator', 'responder'].includes(values.role)) throw new Error('--role is initiator or responder');
  return {
    name: values.name, role: values.role, initiator: values.role === 'initiator', prologue: unhex(values.prologue),
    s: unhex(values.s), rs: unhex(values.rs), fallback: values.fallback, rekey: !values['no-rekey'],
  };
}

function framesOf(stream) {
  const chunks = stream[Symbol.asyncIterator]();
  let buffer = Buffer.alloc(0);
  async function take(length) {
    while (buffer.length < length) {
      const { value, done } = await chunks.next();
      if (done) throw new Error('the peer closed the connection');
      buffer = Buffer.concat([buffer, value]);
    }
    const taken = buffer.subarray(0, length);
    buffer = buffer.subarray(length);
    return taken;
  }
  return async () => new Uint8Array(await take((await take(2)).readUInt16BE(0)));
}

function writeFrame(stream, message) {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  stream.write(Buffer.concat([length, message]));
}

function checkPayload(seen, wanted) {
  if (Buffer.compare(seen, text(wanted)) !== 0) throw new Error(`not the payload "${wanted}"`);
}

async function handshake(session, readFrame) {
  for (let n = 0; session.turn() !== 'done'; n++) {
    if (session.turn() === 'write') {
      writeFrame(process.stdout, session.write(text(`payload ${n}`)));
    } else {
      const payload = session.read(await readFrame());
      if (payload !== null) checkPayload(payload, `payload ${n}`);
    }
  }
}

async function transport(transportState, role, first, readFrame) {
  const other = role === 'initiator' ? 'responder' : 'initiator';
  const numbers = Array.from({ length: TRANSPORT_MESSAGES }, (_, i) => first + i);
  for (const i of numbers) writeFrame(process.stdout, transportState.send(text(`transport ${role} ${i}`)));
  for (const i of numbers) checkPayload(transportState.receive(await readFrame()), `transport ${other} ${i}`);
}

async function converse(makeSession) {
  const args = arguments_();
  const readFrame = framesOf(process.stdin);
  const session = makeSession(args);
  await handshake(session, readFrame);
  const transportState = session.finish();
  await transport(transportState, args.role, 0, readFrame);
  if (args.rekey) transportState.rekey();
  await transport(transportState, args.role, TRANSPORT_MESSAGES, readFrame);
  const hex = (bytes) => (bytes ? Buffer.from(bytes).toString('hex') : null);
  return { ok: true, h: hex(transportState.h), rs: hex(transportState.rs) };
}

/** Runs one side of a conversation over stdin and stdout, reports on stderr and ends the process. */
export async function runPeer(makeSession) {
  process.stdout.on('error', () => {}); // the peer went away: the next read says so
  const result = await converse(makeSession).catch((error) => ({ ok: false, error: String(error.message ?? error) }));
  process.stderr.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.ok ? 0 : 1;
  process.stdin.destroy();
}
