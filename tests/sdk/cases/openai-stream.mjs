// SPDX-License-Identifier: Apache-2.0
// The openai SDK: streamed chat.

import assert from 'node:assert/strict';
import { all } from '../lib/case.mjs';
import { SAMPLED, chat } from '../lib/asks.mjs';

const joined = (chunks, index = 0) => chunks.map((chunk) => chunk.choices.find((choice) => choice.index === index)?.delta.content ?? '').join('');
const whole = async (openai, more) => (await openai.chat.completions.create(chat(more))).choices[0].message.content;

export default function cases(add) {
  add('stream: the pieces are the whole answer', async ({ openai, observe }) => {
    const chunks = await all(await openai.chat.completions.create(chat({ stream: true, max_tokens: 30 })));
    const answer = joined(chunks);
    assert.equal(answer, await whole(openai, { max_tokens: 30 }));
    assert.ok(chunks.length > 10);
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
    assert.ok(chunks.every((chunk) => chunk.object === 'chat.completion.chunk'));
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    observe('text', answer);
    observe('chunks', chunks.length);
    observe('finish_reason', chunks.filter((chunk) => chunk.choices[0]?.finish_reason).map((chunk) => chunk.choices[0].finish_reason));
  });

  add('stream: usage when asked for', async ({ openai, observe }) => {
    const chunks = await all(await openai.chat.completions.create(chat({ stream: true, max_tokens: 5, stream_options: { include_usage: true } })));
    const last = chunks.at(-1);
    assert.deepEqual(last.choices, []);
    assert.ok(chunks.slice(0, -1).every((chunk) => (chunk.usage ?? null) === null));
    observe('usage', [last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens]);
  });

  add('stream: no usage when not asked for', async ({ openai }) => {
    const chunks = await all(await openai.chat.completions.create(chat({ stream: true, max_tokens: 5 })));
    assert.ok(chunks.every((chunk) => (chunk.usage ?? null) === null && chunk.choices.length === 1));
  });

  add('stream: the helper with its events', async ({ openai, observe }) => {
    const events = [];
    let content = '';
    const runner = openai.chat.completions.stream(chat({ max_tokens: 12, stream_options: { include_usage: true } }))
      .on('content', (delta) => { content += delta; })
      .on('chunk', () => events.push('chunk'))
      .on('finalMessage', () => events.push('finalMessage'))
      .on('end', () => events.push('end'));
    const final = await runner.finalChatCompletion();
    const usage = await runner.totalUsage();
    assert.equal(final.choices[0].message.content, content);
    assert.equal(await runner.finalContent(), content);
    assert.ok(events.includes('finalMessage') && events.filter((event) => event === 'chunk').length > 5);
    observe('text', content);
    observe('usage', [usage.prompt_tokens, usage.completion_tokens]);
  });

  add('stream: several answers at once', async ({ openai, observe }) => {
    const chunks = await all(await openai.chat.completions.create(chat({ stream: true, n: 2, ...SAMPLED, seed: 3, max_tokens: 10 })));
    const texts = [joined(chunks, 0), joined(chunks, 1)];
    assert.ok(texts.every((text) => text.length > 0));
    observe('finish_reasons', chunks.filter((chunk) => chunk.choices[0]?.finish_reason).length);
    observe('indices', [...new Set(chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.index)))].sort());
  });

  add('stream: log probabilities', async ({ openai, observe }) => {
    const chunks = await all(await openai.chat.completions.create(chat({ stream: true, logprobs: true, top_logprobs: 2, max_tokens: 6 })));
    const tokens = chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.content ?? []);
    assert.equal(tokens.length, 6);
    assert.equal(tokens.map((token) => token.token).join(''), joined(chunks));
    observe('tokens', tokens.map((token) => token.token));
    observe('logprobs', tokens.map((token) => token.logprob), { tolerance: 0.02 });
  });

  add('stream: a stop sequence never shows', async ({ openai, observe }) => {
    const full = await whole(openai, { max_tokens: 30 });
    const stop = full.slice(12, 17);
    const chunks = await all(await openai.chat.completions.create(chat({ stream: true, max_tokens: 30, stop: [stop] })));
    assert.equal(joined(chunks), full.slice(0, full.indexOf(stop)));
    observe('finish_reason', chunks.findLast((chunk) => chunk.choices[0]?.finish_reason).choices[0].finish_reason);
  });

  add('stream: as a ReadableStream and back', async ({ openai }) => {
    const { ChatCompletionStream } = await import('../lib/modules.mjs').then(({ load }) => load('openai/lib/ChatCompletionStream'));
    const stream = await openai.chat.completions.create(chat({ stream: true, max_tokens: 10 }));
    const copy = ChatCompletionStream.fromReadableStream(stream.toReadableStream());
    assert.equal((await copy.finalChatCompletion()).choices[0].message.content, await whole(openai, { max_tokens: 10 }));
  });

  add('stream: the head says what it is', async ({ openai, observe }) => {
    const { data, response } = await openai.chat.completions.create(chat({ stream: true, max_tokens: 2 })).withResponse();
    await all(data);
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    observe('status', response.status);
  });
}
