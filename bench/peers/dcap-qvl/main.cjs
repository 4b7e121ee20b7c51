// SPDX-License-Identifier: Apache-2.0

// The peer of bench_tdx in JavaScript: npm's @phala/dcap-qvl, from the bytes of a quote and its collateral to its verdict.
//
//   node main.cjs QUOTE.HEX COLLATERAL.JSON SECONDS-SINCE-1970
//
// For every line with a number on standard input it appraises so many times and answers with the processor time that it took, in
// nanoseconds. The package does its cryptography with node's own, which is OpenSSL.
'use strict';
const { readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { verify } = require('@phala/dcap-qvl');

const [quoteFile, collateralFile, seconds] = process.argv.slice(2);
const quote = new Uint8Array(Buffer.from(readFileSync(quoteFile, 'latin1'), 'hex'));
const collateralText = readFileSync(collateralFile, 'utf8');

function appraise() {
  const report = verify(quote, JSON.parse(collateralText), Number(seconds));
  if (report.status !== 'UpToDate') throw new Error(`status ${report.status}`);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const began = process.cpuUsage();
  for (let i = 0; i < Number(line); i++) appraise();
  const { user, system } = process.cpuUsage(began);
  console.log((user + system) * 1000);
});
