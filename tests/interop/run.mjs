// SPDX-License-Identifier: Apache-2.0
// Makes implementations of the Noise framework talk with each other; see README.md.

import { parseArgs } from 'node:util';
import { casesBetween } from './lib/cases.mjs';
import { cPeer, findPeer, peerNames } from './lib/peers.mjs';

const USAGE = `usage: run (--c-peer PATH | --against NAME) [--peer NAME]... [--thorough] [--jobs N]
  --c-peer PATH   the program of the implementation under test
  --against NAME  a peer in its place, to test the peers among themselves
  --peer NAME     ${peerNames.join(', ')}; all of them without this option
  --thorough      every way of tampering with every message
Exit code: 0 all passed, 1 something failed, 2 wrong usage, 77 nothing could be tried.`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_SKIPPED = 77;

function usage(problem) {
  console.error(`${problem}\n${USAGE}`);
  process.exit(EXIT_USAGE);
}

function readOptions() {
  let values = null;
  try {
    ({ values } = parseArgs({
      options: {
        'c-peer': { type: 'string' },
        against: { type: 'string' },
        peer: { type: 'string', multiple: true, default: peerNames },
        thorough: { type: 'boolean', default: false },
        jobs: { type: 'string', default: '2' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    usage(error.message);
  }
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if ((values['c-peer'] === undefined) === (values.against === undefined)) usage('one of --c-peer and --against is needed');
  const unknown = [...values.peer, ...(values.against ? [values.against] : [])].find((name) => !peerNames.includes(name));
  if (unknown) usage(`no such peer: ${unknown}`);
  if (!/^[1-9][0-9]?$/.test(values.jobs)) usage('--jobs is a number from 1 to 99');
  return values;
}

const counts = { passed: 0, failed: 0, skipped: 0 };

function say(result, label, why) {
  counts[result]++;
  const words = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' };
  console.log(`${words[result]} ${label}${why ? `: ${why}` : ''}`);
}

async function runCases(cases, jobs) {
  const queue = [...cases];
  async function worker() {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const problem = await next.run();
      say(problem === null ? 'passed' : 'failed', next.label, problem);
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker));
}

const options = readOptions();
const reference = options.against ? findPeer(options.against) : cPeer(options['c-peer']);
for (const name of options.peer) {
  const peer = findPeer(name);
  const absent = reference.absent ?? peer.absent;
  const cases = absent ? [] : casesBetween(peer, reference, { thorough: options.thorough });
  if (absent) say('skipped', name, absent);
  else if (cases.length === 0) say('skipped', name, `it has no protocol in common with ${reference.name} (${peer.ciphers}, ${peer.hashes})`);
  await runCases(cases, Number(options.jobs));
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (counts.failed > 0) process.exitCode = EXIT_FAILED;
else if (counts.passed === 0) process.exitCode = EXIT_SKIPPED;
