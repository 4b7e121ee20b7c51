// SPDX-License-Identifier: Apache-2.0
// The openai SDK: answers that are given up, connections, many at once.

import assert from 'node:assert/strict';
import { all, rejection } from '../lib/case.mjs';
import { load } from '../lib/modules.mjs';
import { BEGINNING, GREEDY, chat, user } from '../lib/asks.mjs';

const CROWD = 16;
const SLOTS = 4;
const LONG = { model: 'any', messages: user(BEGINNING), ...GREEDY, n: SLOTS, temperature: 1, max_tokens: 200, stream: true };
const since = (start) => performance.now() - start;

/** Starts long answers in every slot and waits for each to begin: { streams, perToken }, in milliseconds. */
async function fill(client) {
  const start = performance.now();
  let pieces = 0;
  const streams = await Promise.all(Array.from({ length: SLOTS }, () => client.chat.completions.create(LONG)));
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  for (let i = 0; i < 10; i++) {
    await Promise.all(iterators.map((iterator) => iterator.next()));
    pieces += SLOTS;
  }
  return { streams, perToken: since(start) / pieces };
}

export default function cases(add) {
  add('abort: the next request is answered at once', async ({ plain, observe }) => {
    const { streams, perToken } = await fill(plain);
    for (const stream of streams) stream.controller.abort();
    const start = performance.now();
    const answer = await plain.chat.completions.create(chat({ max_tokens: 4 }));
    const waited = since(start);
    const otherwise = perToken * SLOTS * LONG.n * LONG.max_tokens;
    assert.ok(waited < otherwise / 4, `waited ${Math.round(waited)} ms of ${Math.round(otherwise)}`);
    observe('text', answer.choices[0].message.content);
  });

  add('abort: the loop over a stream is left', async ({ plain, observe }) => {
    const stream = await plain.chat.completions.create(chat({ stream: true, max_tokens: 200 }));
    let pieces = 0;
    for await (const chunk of stream) {
      pieces += chunk.choices.length;
      if (pieces === 3) break;
    }
    assert.equal(stream.controller.signal.aborted, true);
    observe('text', (await plain.chat.completions.create(chat())).choices[0].message.content);
  });

  add('abort: a whole answer by its signal', async ({ plain, observe }) => {
    const controller = new AbortController();
    const asked = plain.chat.completions.create({ ...LONG, stream: false }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    const error = await rejection(asked);
    assert.ok(error instanceof load('openai').APIUserAbortError);
    observe('text', (await plain.chat.completions.create(chat())).choices[0].message.content);
  });

  add('abort: the time is up', async ({ plain, observe }) => {
    const error = await rejection(plain.chat.completions.create({ ...LONG, stream: false }, { timeout: 100 }));
    assert.ok(error instanceof load('openai').APIConnectionTimeoutError);
    observe('text', (await plain.chat.completions.create(chat())).choices[0].message.content);
  });

  add('connections: one is used again', async ({ plain, connections }) => {
    await plain.chat.completions.create(chat({ max_tokens: 1 }));
    const before = connections.made;
    for (let i = 0; i < 5; i++) await plain.chat.completions.create(chat({ max_tokens: 1 }));
    for (let i = 0; i < 3; i++) await all(await plain.chat.completions.create(chat({ max_tokens: 2, stream: true })));
    await rejection(plain.chat.completions.create(chat({ temperature: 'hot' })));
    await plain.models.list();
    assert.ok(connections.made - before <= 1, `${connections.made - before} new connections`);
  });

  add('crowd: 16 whole answers at once', async ({ openai, observe }) => {
    const answers = await Promise.all(Array.from({ length: CROWD }, (_, i) => openai.chat.completions.create(chat({ max_tokens: 8 + i }))));
    assert.equal(new Set(answers.map((answer) => answer.id)).size, CROWD);
    observe('completion_tokens', answers.map((answer) => answer.usage.completion_tokens));
  });

  add('crowd: 16 streams at once', async ({ openai, observe }) => {
    const streams = await Promise.all(Array.from({ length: CROWD }, async () => all(await openai.chat.completions.create(chat({ max_tokens: 12, stream: true })))));
    assert.ok(streams.every((chunks) => new Set(chunks.map((chunk) => chunk.id)).size === 1));
    observe('finish_reasons', streams.map((chunks) => chunks.findLast((chunk) => chunk.choices[0]?.finish_reason).choices[0].finish_reason));
  });

  add('crowd: all APIs at once', async ({ openai, embeddings, anthropic, observe }) => {
    const answers = await Promise.all([
      openai.chat.completions.create(chat({ max_tokens: 4 })),
      openai.completions.create({ model: 'any', prompt: BEGINNING, max_tokens: 4, ...GREEDY }),
      embeddings.embeddings.create({ model: 'any', input: BEGINNING }),
      openai.responses.create({ model: 'any', input: BEGINNING, max_output_tokens: 4, temperature: 0 }),
      anthropic.messages.create({ model: 'any', messages: user(BEGINNING), max_tokens: 4, temperature: 0 }),
      openai.models.list(),
    ]);
    observe('answers', answers.map((answer) => answer.object ?? answer.type));
  });
}
