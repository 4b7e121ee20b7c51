// SPDX-License-Identifier: Apache-2.0
// Runs two peers against each other. The bytes pass through here frame by frame, so that they can be tampered with. A peer is a program, or a thread of
// this one, where it is a JavaScript module: Node starts and compiles the libraries once then, and not for each of hundreds of conversations.

import { spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { MessageChannel, Worker } from 'node:worker_threads';

const TIMEOUT_MS = 60000;

const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex'); // what stands before the key (RFC 8410)

/** Not by generateKeyPairSync: in Node 20, when a collection of garbage falls into the export of such a key, the process waits for itself. */
export function keyPair() {
  const secret = randomBytes(32);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_X25519, secret]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { privateKey: secret.toString('hex'), publicKey: spki.subarray(-32).toString('hex') };
}

/** Splits a stream into the frames of the driver protocol and gives each to onFrame(index, body). */
function splitFrames(stream, onFrame) {
  let buffer = Buffer.alloc(0);
  let index = 0;
  stream.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
      const end = 2 + buffer.readUInt16BE(0);
      onFrame(index++, buffer.subarray(2, end));
      buffer = buffer.subarray(end);
    }
  });
}

function frame(body) {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([length, body]);
}

/** tamper(index, body) returns the list of bodies that go on in place of the sender's index-th one. */
function relay(from, to, tamper) {
  from.onFrame((index, body) => {
    for (const out of tamper(index, body)) to.write(out);
  });
  from.onEnd(() => to.end());
}

// Both kinds of peer give { onFrame(f), onEnd(f), write(body), end(), result }.

function startProgram({ command, env }, args, timeoutMs) {
  const child = spawn(command[0], [...command.slice(1), ...args], { env: { ...process.env, ...env }, stdio: 'pipe' });
  child.stdin.on('error', () => {}); // a peer that has given up no longer reads
  const result = new Promise((resolve) => {
    let report = '';
    let spawnError = null;
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stderr.on('data', (chunk) => {
      report += chunk;
    });
    child.on('error', (error) => {
      spawnError = error;
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(outcome(report, code, signal, spawnError));
    });
  });
  return {
    result,
    onFrame: (f) => splitFrames(child.stdout, f),
    onEnd: (f) => child.stdout.on('end', f),
    write: (body) => child.stdin.write(frame(body)),
    end: () => child.stdin.end(),
  };
}

const idle = new Map(); // module -> the threads of it that have nothing to do

function takeThread(module) {
  const thread = idle.get(module)?.pop() ?? new Worker(module, { argv: [] });
  thread.ref();
  return thread;
}

function giveThread(module, thread) {
  thread.unref();
  if (!idle.has(module)) idle.set(module, []);
  idle.get(module).push(thread);
}

function startThread({ module }, args, timeoutMs) {
  const thread = takeThread(module);
  const { port1: port, port2 } = new MessageChannel();
  let index = 0;
  let onFrame = () => {};
  let onEnd = () => {};
  const result = new Promise((resolve) => {
    let broken = 'ended without a report';
    const timer = setTimeout(() => {
      broken = `said nothing for ${timeoutMs} ms`;
      thread.terminate();
    }, timeoutMs);
    const fails = (error) => {
      broken = `failed: ${error.message}`;
    };
    const ends = () => finish({ broken });
    const finish = (said) => {
      clearTimeout(timer);
      thread.off('error', fails).off('exit', ends);
      port.close();
      onEnd();
      resolve(said);
    };
    thread.on('error', fails).on('exit', ends);
    port.on('message', (message) => {
      if (message instanceof Uint8Array) {
        onFrame(index++, Buffer.from(message));
      } else {
        giveThread(module, thread);
        finish(message.result);
      }
    });
  });
  thread.postMessage({ args, port: port2 }, [port2]);
  return {
    result,
    onFrame: (f) => {
      onFrame = f;
    },
    onEnd: (f) => {
      onEnd = f;
    },
    write: (body) => port.postMessage(Uint8Array.from(body)),
    end: () => port.postMessage(null),
  };
}

const start = (peer, args, timeoutMs) => (peer.module ? startThread : startProgram)(peer, args, timeoutMs);

/** What a program said and how it ended. Whatever is not exactly one report with the matching exit code counts as `broken`. */
function outcome(report, code, signal, spawnError) {
  if (spawnError) return { broken: `could not be started: ${spawnError.message}` };
  if (signal) return { broken: `ended by ${signal}` };
  const lines = report.trim().split('\n');
  let said = null;
  try {
    said = JSON.parse(lines[lines.length - 1]);
  } catch {
    return { broken: `no report; exit code ${code}; ${report.trim().slice(-300)}` };
  }
  if (code !== (said.ok === true ? 0 : 1)) return { broken: `exit code ${code} with the report ${JSON.stringify(said)}` };
  return said;
}

const untouched = (index, body) => [body];

/**
 * One conversation. `initiator` and `responder` are { command, env } or { module }; the arguments of each come from args.{initiator,responder};
 * tamper.{initiator,responder} is applied to what that side sends. Gives the outcome of each side.
 */
export async function converse({ initiator, responder, args, tamper = {}, timeoutMs = TIMEOUT_MS }) {
  const left = start(initiator, args.initiator, timeoutMs);
  const right = start(responder, args.responder, timeoutMs);
  relay(left, right, tamper.initiator ?? untouched);
  relay(right, left, tamper.responder ?? untouched);
  const [initiatorOutcome, responderOutcome] = await Promise.all([left.result, right.result]);
  return { initiator: initiatorOutcome, responder: responderOutcome };
}
