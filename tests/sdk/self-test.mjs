// SPDX-License-Identifier: Apache-2.0
// Shows that the runner can fail: judgements over made-up outcomes, each of which must come out as it says.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, rejection } from './lib/case.mjs';
import { Differences, compare, compareMembers } from './lib/differences.mjs';
import { Members } from './lib/members.mjs';

const directory = mkdtempSync('/tmp/enclume-sdk-');
const counts = { passed: 0, failed: 0 };

function check(label, right) {
  counts[right ? 'passed' : 'failed']++;
  console.log(`${right ? 'ok  ' : 'FAIL'} ${label}`);
}

function table(...rows) {
  const path = join(directory, 'table.tsv');
  writeFileSync(path, ['case\twhat\tenclume\tllama-server\twhy', ...rows.map((row) => row.join('\t')), ''].join('\n'));
  return new Differences(path);
}

const refuses = (make) => {
  try {
    make();
    return false;
  } catch {
    return true;
  }
};
const outcome = (run) => attempt(run, {});
const same = async (one, other) => compare(await outcome(one), await outcome(other)).length === 0;
const members = (document) => {
  const m = new Members();
  m.add('/v1/x', document);
  return m.kinds();
};

check('a case that throws has failed', (await outcome(() => { throw new Error('no'); })).failed === 'no');
check('a case that returns has not', (await outcome(() => {})).failed === undefined);
check('equal outcomes are equal', await same(({ observe }) => observe('a', [1]), ({ observe }) => observe('a', [1])));
check('another value is a difference', !(await same(({ observe }) => observe('a', [1]), ({ observe }) => observe('a', [2]))));
check('a value that is missing is one', !(await same(({ observe }) => observe('a', 1), () => {})));
check('a case that fails there alone is one', !(await same(() => {}, () => { throw new Error('no'); })));
check('numbers within the tolerance are equal', await same(({ observe }) => observe('a', [[1]], { tolerance: 0.1 }), ({ observe }) => observe('a', [[1.05]])));
check('numbers beyond it are not', !(await same(({ observe }) => observe('a', [[1]], { tolerance: 0.1 }), ({ observe }) => observe('a', [[1.2]]))));
check('a member more is a difference', compareMembers(members({ a: 1 }), members({ a: 1, b: 2 })).length === 1);
check('so is another type', compareMembers(members({ a: [{ b: 1 }] }), members({ a: [{ b: '1' }] })).length === 1);
check('what is inside a missing member is not told again', compareMembers(members({}), members({ a: { b: 1 } })).length === 1);

const differences = table(['c', 'a', '1', '2', 'because'], ['c', 'b', '*', '3', 'because'], ['d', 'a', '1', '2', 'because']);
check('a row explains its difference', differences.explain('c', 'a', '1', '2') === 'because');
check('and no other', [['c', 'a', '1', '3'], ['c', 'x', '1', '2'], ['e', 'a', '1', '2']].every((row) => differences.explain(...row) === undefined));
check('a star is any part of a cell', table(['/v1/x*', '*.b[]', '*', '-', 'because']).explain('/v1/x y', 'a.b[]', '1', '-') === 'because');
check('and no other character', table(['/v1/x*', 'a.b', '1', '-', 'because']).explain('/v1/x y', 'a_b', '1', '-') === undefined);
check('a cell may be any value', differences.explain('c', 'b', 'x', '3') === 'because');
check('a row that no difference needed is told', differences.unused(() => true).map((row) => row.about).join() === 'd');
check('unless its case was not run', differences.unused((about) => about !== 'd').length === 0);
check('a row without a reason is refused', refuses(() => table(['c', 'a', '1', '2', ' '])));
check('so is one with a cell less', refuses(() => table(['c', 'a', '1', '2'])));
check('what was to be refused and was not, fails', await rejection(Promise.resolve(1)).then(() => false, () => true));

rmSync(directory, { recursive: true });
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
