// SPDX-License-Identifier: Apache-2.0
// Handshake patterns as they are written in the specification. "->" is a message from Alice, "<-" one from Bob; the letters of a
// DH token keep that order (the left one is Alice's key), also where Bob sends first (section 10.2).

const WRITTEN = {
  NK: `<- s
       ...
       -> e, es
       <- e, ee`,
  XX: `-> e
       <- e, ee, s, es
       -> s, se`,
  IK: `<- s
       ...
       -> e, es, s, ss
       <- e, ee, se`,
  XXfallback: `-> e
       ...
       <- e, ee, s, es
       -> s, se`,
  NKhfs: `<- s
       ...
       -> e, es, e1
       <- e, ee, ekem1`,
  XXhfs: `-> e, e1
       <- e, ee, ekem1, s, es
       -> s, se`,
  IKhfs: `<- s
       ...
       -> e, es, e1, s, ss
       <- e, ee, ekem1, se`,
  'XXfallback+hfs': `-> e
       ...
       <- e, ee, e1, s, es
       -> ekem1, s, se`,
};

function parseLine(line) {
  const [arrow, tokens] = [line.slice(0, 2), line.slice(2)];
  return { fromAlice: arrow === '->', tokens: tokens.split(',').map((token) => token.trim()) };
}

function parse(written) {
  const lines = written.split('\n').map((line) => line.trim());
  const dots = lines.indexOf('...');
  return {
    preMessages: lines.slice(0, Math.max(dots, 0)).map(parseLine),
    messages: lines.slice(dots + 1).map(parseLine),
  };
}

export const PATTERNS = Object.fromEntries(Object.entries(WRITTEN).map(([name, written]) => [name, parse(written)]));
