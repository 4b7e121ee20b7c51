// SPDX-License-Identifier: Apache-2.0
// The driver protocol (README.md) for implementations that are reached from JavaScript. An implementation gives a function that
// makes a session from the parsed arguments:
//
//   session.turn()          'write', 'read' or 'done'
//   session.write(payload)  the next handshake message
//   session.read(message)   its payload; null for an IK message that could not be read and led to the fallback
//   session.finish()        { send(plain), receive(sealed), rekey(), h, rs }
//
// As a program it takes part in one conversation, over stdin and stdout. As a thread of the runner (lib/pair.mjs) it takes one after another, each with
// a port for its messages.

import { parseArgs } from 'node:util';
import { isMainThread, parentPort } from 'node:worker_threads';

const TRANSPORT_MESSAGES = 3; // before the rekey, and again after it
const CLOSED = 'the peer closed the connection';

const text = (string) => new TextEncoder().encode(string);
const unhex = (string) => (string === undefined ? null : new Uint8Array(Buffer.from(string, 'hex')));

function readArguments(args) {
  const { values } = parseArgs({
    args,
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
      if (done) throw new Error(CLOSED);
      buffer = Buffer.concat([buffer, value]);
    }
    const taken = buffer.subarray(0, length);
    buffer = buffer.subarray(length);
    return taken;
  }
  return async () => new Uint8Array(await take((await take(2)).readUInt16BE(0)));
}

function checkPayload(seen, wanted) {
  if (Buffer.compare(seen, text(wanted)) !== 0) throw new Error(`not the payload "${wanted}"`);
}

async function handshake(session, read, write) {
  for (let n = 0; session.turn() !== 'done'; n++) {
    if (session.turn() === 'write') {
      write(session.write(text(`payload ${n}`)));
    } else {
      const payload = session.read(await read());
      if (payload !== null) checkPayload(payload, `payload ${n}`);
    }
  }
}

async function transport(transportState, role, first, read, write) {
  const other = role === 'initiator' ? 'responder' : 'initiator';
  const numbers = Array.from({ length: TRANSPORT_MESSAGES }, (_, i) => first + i);
  for (const i of numbers) write(transportState.send(text(`transport ${role} ${i}`)));
  for (const i of numbers) checkPayload(transportState.receive(await read()), `transport ${other} ${i}`);
}

async function converse(makeSession, args, read, write) {
  const session = makeSession(args);
  await handshake(session, read, write);
  const transportState = session.finish();
  await transport(transportState, args.role, 0, read, write);
  if (args.rekey) transportState.rekey();
  await transport(transportState, args.role, TRANSPORT_MESSAGES, read, write);
  const hex = (bytes) => (bytes ? Buffer.from(bytes).toString('hex') : null);
  return { ok: true, h: hex(transportState.h), rs: hex(transportState.rs) };
}

const report = async (makeSession, args, read, write) => {
  try {
    return await converse(makeSession, readArguments(args), read, write);
  } catch (error) {
    return { ok: false, error: String(error.message ?? error) };
  }
};

async function beProgram(makeSession) {
  process.stdout.on('error', () => {}); // the peer went away: the next read says so
  const write = (message) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    process.stdout.write(Buffer.concat([length, message]));
  };
  const result = await report(makeSession, process.argv.slice(2), framesOf(process.stdin), write);
  process.stderr.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.ok ? 0 : 1;
  process.stdin.destroy();
}

/** Messages come as Uint8Arrays; null is the end. */
function messagesOf(port) {
  const come = [];
  let wake = () => {};
  port.on('message', (message) => {
    come.push(message);
    wake();
  });
  return async () => {
    while (come.length === 0) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
    if (come[0] === null) throw new Error(CLOSED);
    return come.shift();
  };
}

function beThread(makeSession) {
  parentPort.on('message', async ({ args, port }) => {
    const result = await report(makeSession, args, messagesOf(port), (message) => port.postMessage(Uint8Array.from(message)));
    port.postMessage({ result });
    port.close();
  });
}

/** Takes part in a conversation, or in many. */
export async function runPeer(makeSession) {
  if (isMainThread) await beProgram(makeSession);
  else beThread(makeSession);
}
