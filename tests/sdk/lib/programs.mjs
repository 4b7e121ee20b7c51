// SPDX-License-Identifier: Apache-2.0
// The servers that the cases ask: an enclave on the simulated platform behind `enclume proxy`, and llama-server without any of that, on the same model.

import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const SLOTS = 4;
export const CONTEXT = 256; // the demo model's, of each slot
export const MODEL_NAME = 'TinyStories 15M'; // as the file says
const START_MS = 120_000;
const STOP_MS = 15_000;

const started = [];
let directory = null;

/** Where sockets and logs of this run lie; removed by stopAll(). */
export function workDirectory() {
  directory ??= mkdtempSync('/tmp/enclume-sdk-');
  return directory;
}

function start(name, command, env = {}) {
  const log = join(workDirectory(), `${name}.log`);
  const fd = openSync(log, 'w', 0o600);
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', fd, fd], env: { ...process.env, ...env } });
  closeSync(fd);
  const program = { name, child, log, text: () => readFileSync(log, 'utf8'), ended: false };
  child.on('exit', () => { program.ended = true; });
  child.on('error', () => { program.ended = true; });
  started.push(program);
  return program;
}

async function until(program, ready) {
  const end = Date.now() + START_MS;
  while (!(await ready())) {
    if (program.ended) throw new Error(`${program.name} ended:\n${program.text().slice(-3000)}`);
    if (Date.now() > end) throw new Error(`${program.name} does not start:\n${program.text().slice(-3000)}`);
    await sleep(50);
  }
  return program;
}

/** Ends what was started, the last one first. keepLogs: says where they are. */
export async function stopAll({ keepLogs = false } = {}) {
  for (const { child, ended } of started.splice(0).reverse()) {
    if (ended) continue;
    const gone = new Promise((resolve) => { child.once('exit', resolve); });
    child.kill('SIGTERM');
    if ((await Promise.race([gone.then(() => true), sleep(STOP_MS, false, { ref: false })])) === false) child.kill('SIGKILL');
  }
  if (directory === null) return;
  if (keepLogs) console.log(`logs: ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
  directory = null;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/** The status of a GET, or 0. `where` is { port } or { socketPath }. */
function statusOf(where, path, headers = {}) {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', ...where, path, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', () => resolve(0));
    asked.end();
  });
}

function llamaServerCommand({ program, model, template, slots, context }) {
  return [program, '--model', model, '--alias', MODEL_NAME, '--threads', '1', '--parallel', String(slots), '--ctx-size', String(context * slots),
    '--no-ui', '--cache-ram', '0', '--chat-template-file', template];
}

/** llama-server on a port of its own; embeddings: one that makes vectors and does not chat (it does one or the other). */
export async function startLlamaServer({ embeddings = false, token, ...options }) {
  const port = await freePort();
  const program = start(embeddings ? 'llama-server-embeddings' : 'llama-server',
    [...llamaServerCommand({ slots: SLOTS, context: CONTEXT, ...options }), '--host', '127.0.0.1', '--port', String(port), '--api-key', token,
      ...(embeddings ? ['--embeddings', '--pooling', 'mean'] : [])]);
  await until(program, async () => (await statusOf({ port }, '/health')) === 200);
  return { origin: `http://127.0.0.1:${port}` };
}

/** llama-server on a socket, for the engine `upstream`, which knows no API key. */
async function startUpstream(options) {
  const socketPath = join(workDirectory(), 'upstream.sock');
  const program = start('upstream', [...llamaServerCommand({ slots: SLOTS, context: CONTEXT, ...options }), '--no-cache-prompt', '--host', socketPath]);
  await until(program, async () => (await statusOf({ socketPath }, '/health')) === 200);
  return socketPath;
}

function output(command) {
  const { status, stdout, stderr } = spawnSync(command[0], command.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command[0]} ${command[1]}: ${stderr}`);
  return stdout;
}

/** enclume-simulator, enclumed in it and `enclume proxy` in front, as ./demo starts them. engine: 'llama' or 'upstream'. */
export async function startEnclume({ bin, engine, model, template, token, llamaServer }) {
  const work = workDirectory();
  const program = (name) => join(bin, name);
  const socket = join(work, 'enclave.sock');
  const root = join(work, 'root.pem');
  const policy = join(work, 'policy.json');
  const tokenFile = join(work, 'token');
  const ofEngine = engine === 'upstream'
    ? ['--engine', `upstream=unix:${await startUpstream({ program: llamaServer, model, template })}`]
    : ['--threads', '1', '--chat-template', readFileSync(template, 'utf8')];
  const enclave = [program('enclumed'), '--listen', `unix:${socket}`, '--model', model, '--evidence', 'simulated', '--slots', String(SLOTS),
    ...ofEngine];
  writeFileSync(policy, output([program('enclume'), 'measure', 'simulated', '--policy', '--', ...enclave]));
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const simulator = start('enclave', [program('enclume-simulator'), '--root-out', root, '--delay-ms', '5', '--', ...enclave]);
  await until(simulator, () => simulator.text().includes('Z listening'));
  const proxy = start('proxy', [program('enclume'), 'proxy', '--connect', `unix:${socket}`, '--listen', '127.0.0.1:0', '--policy', policy,
    '--trust-simulated', root, '--token-file', tokenFile]);
  await until(proxy, () => /base_url +http:\/\/127\.0\.0\.1:\d+\/v1/.test(proxy.text()));
  const origin = /base_url +(http:\/\/127\.0\.0\.1:\d+)\/v1/.exec(proxy.text())[1];
  await until(proxy, async () => (await statusOf({ port: new URL(origin).port }, '/v1/models', { authorization: `Bearer ${token}` })) === 200);
  return { origin };
}
