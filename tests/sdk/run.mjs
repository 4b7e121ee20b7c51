// SPDX-License-Identifier: Apache-2.0
// Other people's SDKs against `enclume proxy`, and the same cases against llama-server; see README.md.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Target, attempt } from './lib/case.mjs';
import { Differences, compare, compareMembers } from './lib/differences.mjs';
import { depsDir, isInstalled, versionOf } from './lib/modules.mjs';
import { MODEL_NAME, startEnclume, startLlamaServer, stopAll } from './lib/programs.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, '..', '..');
const USAGE = `usage: run [--bin DIR] [--engine llama|upstream] [--only TEXT]... [--print] [--keep-logs]
  --bin DIR       where enclume, enclumed and enclume-simulator are. Default build/release/bin
  --engine NAME   what answers in the enclave: llama.cpp in the process, or another llama-server behind it (upstream). Default llama
  --only TEXT     only cases whose names contain it
  --print         unexplained differences as rows for the table
  --keep-logs     leave the programs' logs where they are, and say where
Exit code: 0 all passed, 1 something failed, 2 wrong usage, 77 nothing could be tried.`;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_SKIPPED = 77;
const TABLES = { llama: 'differences.tsv', upstream: 'differences-upstream.tsv' };
const FILES = ['openai-chat', 'openai-stream', 'openai-tools', 'openai-json', 'openai-completions', 'openai-responses', 'openai-errors', 'openai-connection',
  'anthropic', 'ai', 'langchain'];
const SDKS = ['openai', '@anthropic-ai/sdk', 'ai', '@ai-sdk/openai-compatible', '@ai-sdk/openai', '@langchain/openai', '@langchain/core'];
const TOKEN = 'a-token-of-the-sdk-tests';

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        bin: { type: 'string', default: join(top, 'build', 'release', 'bin') },
        engine: { type: 'string', default: 'llama' },
        only: { type: 'string', multiple: true, default: [] },
        print: { type: 'boolean', default: false },
        'keep-logs': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (!Object.hasOwn(TABLES, values.engine)) throw new Error(`no such engine: ${values.engine}`);
    return values;
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(EXIT_USAGE);
  }
}

function skip(why) {
  console.log(`skipped: ${why}`);
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit(EXIT_SKIPPED);
}

async function gatherCases(only) {
  const cases = [];
  for (const file of FILES) {
    const { default: define } = await import(`./cases/${file}.mjs`);
    define((name, run) => cases.push({ name, run }));
  }
  const names = new Set(cases.map(({ name }) => name));
  if (names.size !== cases.length) throw new Error('two cases have one name');
  return cases.filter(({ name }) => only.length === 0 || only.some((text) => name.includes(text)));
}

const counts = { passed: 0, failed: 0 };

function say(label, problems) {
  counts[problems.length === 0 ? 'passed' : 'failed']++;
  console.log(problems.length === 0 ? `ok   ${label}` : `FAIL ${label}: ${problems.join('; ')}`);
}

/** What is wrong about differences: those that no row explains. */
function judge(differences, about, found, print) {
  const unexplained = found.filter(([what, ours, theirs]) => differences.explain(about, what, ours, theirs) === undefined);
  if (print) for (const row of unexplained) console.log(`row: ${[about, ...row, 'WHY'].join('\t')}`);
  return unexplained.map(([what, ours, theirs]) => `${what}: enclume ${ours}, llama-server ${theirs}`);
}

async function runCases(cases, { enclume, llamaServer, differences, options }) {
  for (const { name, run } of cases) {
    const ours = await attempt(run, enclume);
    const theirs = await attempt(run, llamaServer);
    // An enclave that hands on to llama-server may fail where that server itself does, in no other place and in no other way.
    const handedOn = options.engine === 'upstream' && ours.failed === theirs.failed;
    const problems = ours.failed === undefined || handedOn ? [] : [ours.failed];
    say(name, [...problems, ...(problems.length === 0 ? judge(differences, name, compare(ours, theirs), options.print) : [])]);
    if (problems.length !== 0 && options['keep-logs']) console.log(`     ${ours.stack}`.replaceAll('\n', '\n     '));
  }
}

async function judgeMembers({ enclume, llamaServer, differences, options }) {
  const found = compareMembers(await enclume.kinds(), await llamaServer.kinds());
  for (const kind of new Set(found.map(([about]) => about))) {
    say(`members of ${kind}`, judge(differences, kind, found.filter(([about]) => about === kind).map((row) => row.slice(1)), options.print));
  }
  return new Set([...(await enclume.kinds()).keys(), ...(await llamaServer.kinds()).keys()]);
}

async function main(options) {
  const llama = join(process.env.ENCLUME_DEPS_DIR ?? join(top, 'build', 'deps'), 'llama-server', 'llama-server');
  const model = process.env.ENCLUME_DEMO_MODEL ?? join(top, 'build', 'deps', 'model', 'stories15M-q8_0.gguf');
  if (!isInstalled()) skip(`the SDKs are not in ${depsDir}; tests/sdk/setup fetches them, where npm reaches a registry`);
  if (!existsSync(llama)) skip(`${llama} is missing; deps/llama-server makes it`);
  if (!existsSync(model)) skip(`${model} is missing; deps/model makes it`);
  if (!existsSync(join(options.bin, 'enclumed'))) skip(`${options.bin}/enclumed is missing; tools/build release makes it`);
  const cases = await gatherCases(options.only);
  const common = { model, template: join(here, 'template.jinja'), token: TOKEN };
  console.log(`${SDKS.map((name) => `${name} ${versionOf(name)}`).join(', ')}; node ${process.version}; engine ${options.engine}`);
  const [ours, theirs, vectors] = await Promise.all([
    startEnclume({ bin: options.bin, engine: options.engine, llamaServer: llama, ...common }),
    startLlamaServer({ program: llama, ...common }),
    options.engine === 'upstream' ? undefined : startLlamaServer({ program: llama, embeddings: true, ...common }),
  ]);
  const context = {
    enclume: new Target({ name: 'enclume', origin: ours.origin, token: TOKEN, model: MODEL_NAME }),
    llamaServer: new Target({ name: 'llama-server', origin: theirs.origin, embeddings: vectors?.origin, token: TOKEN, model: MODEL_NAME }),
    differences: new Differences(join(here, TABLES[options.engine])),
    options,
  };
  await runCases(cases, context);
  const whole = options.only.length === 0;
  const kinds = whole ? await judgeMembers(context) : new Set();
  const names = new Set(cases.map(({ name }) => name));
  const known = (about) => names.has(about) || kinds.has(about);
  for (const row of context.differences.unused((about) => whole || known(about)))
    say(`explained, but not so any more: ${row.about}`, [`${row.what}: enclume ${row.ours}, llama-server ${row.theirs}`]);
}

const options = readOptions();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
let broken = null;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    await stopAll();
    process.exit(EXIT_FAILED);
  });
}
try {
  await main(options);
} catch (error) {
  broken = error;
}
await stopAll({ keepLogs: options['keep-logs'] });
if (broken !== null) {
  console.log(`FAIL ${broken.stack}`);
  counts.failed++;
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? EXIT_FAILED : 0);
