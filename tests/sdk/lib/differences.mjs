// SPDX-License-Identifier: Apache-2.0
// The table of explained differences, and whether what was seen is what it says.

import { readFileSync } from 'node:fs';

const COLUMNS = ['case', 'what', 'enclume', 'llama-server', 'why'];
const CELL_MAX = 100;

/** A value as it stands in a cell. */
export function cell(value) {
  if (value === undefined) return '-';
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replace(/[\t\r\n]+/g, ' ').trim();
  return text.length > CELL_MAX ? `${text.slice(0, CELL_MAX - 3)}...` : text;
}

/** Whether a cell of the table means this value: "*" stands for any part. */
const means = (wanted, seen) => wanted === seen ||
  (wanted.includes('*') && new RegExp(`^${wanted.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`).test(seen));

export class Differences {
  #rows = [];
  #used = new Set();

  constructor(path) {
    const lines = readFileSync(path, 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    if (lines[0] !== COLUMNS.join('\t')) throw new Error(`${path}: the first line is to be ${COLUMNS.join(', ')}`);
    for (const line of lines.slice(1)) {
      const parts = line.split('\t');
      if (parts.length !== COLUMNS.length || parts[4].trim() === '') throw new Error(`${path}: ${COLUMNS.length} cells wanted: ${line}`);
      this.#rows.push({ about: parts[0], what: parts[1], ours: parts[2], theirs: parts[3], why: parts[4] });
    }
  }

  /** The explanation of a difference, or undefined. */
  explain(about, what, ours, theirs) {
    const row = this.#rows.find((r) => means(r.about, about) && means(r.what, what) && means(r.ours, ours) && means(r.theirs, theirs));
    if (row !== undefined) this.#used.add(row);
    return row?.why;
  }

  /** Rows about these cases that no difference needed. */
  unused(wasRun) {
    return this.#rows.filter((row) => !this.#used.has(row) && wasRun(row.about));
  }
}

const near = (a, b, tolerance) => {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= tolerance;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => near(item, b[i], tolerance));
  return JSON.stringify(a) === JSON.stringify(b);
};

/** [what, ours, theirs] of everything that two outcomes of a case do not have in common. */
export function compare(ours, theirs) {
  const found = [];
  if (ours.failed !== theirs.failed) found.push(['fails', cell(ours.failed ?? 'no'), cell(theirs.failed ?? 'no')]);
  const broken = ours.failed !== undefined || theirs.failed !== undefined;
  for (const what of new Set([...ours.seen.keys(), ...theirs.seen.keys()])) {
    const [a, b] = [ours.seen.get(what), theirs.seen.get(what)];
    if (broken && (a === undefined || b === undefined)) continue;
    if (!near(a?.value, b?.value, a?.tolerance ?? 0)) found.push([what, cell(a?.value), cell(b?.value)]);
  }
  return found;
}

/** The same for the members of the documents that came, kind by kind. */
export function compareMembers(ours, theirs) {
  const found = [];
  for (const kind of [...new Set([...ours.keys(), ...theirs.keys()])].sort()) {
    if (!ours.has(kind) || !theirs.has(kind)) {
      found.push([kind, 'the document', ours.has(kind) ? 'comes' : '-', theirs.has(kind) ? 'comes' : '-']);
      continue;
    }
    const missing = [];
    for (const member of [...new Set([...ours.get(kind).keys(), ...theirs.get(kind).keys()])].sort()) {
      const [a, b] = [ours.get(kind).get(member), theirs.get(kind).get(member)];
      // What is inside a member that one does not have is not there either.
      if (a === b || missing.some((outer) => member.startsWith(`${outer}.`) || member.startsWith(`${outer}[]`))) continue;
      if (a === undefined || b === undefined) missing.push(member);
      found.push([kind, member, cell(a), cell(b)]);
    }
  }
  return found;
}
