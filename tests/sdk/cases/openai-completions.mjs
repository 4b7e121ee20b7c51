// SPDX-License-Identifier: Apache-2.0
// The openai SDK: completions, and embeddings.

import assert from 'node:assert/strict';
import { all, rejection } from '../lib/case.mjs';
import { BEGINNING, GREEDY, SAMPLED } from '../lib/asks.mjs';

const WIDTH = 288; // the demo model's
const ONCE = [1, 9038, 2501, 263, 931]; // BEGINNING as tokens
const complete = (more = {}) => ({ model: 'any', prompt: BEGINNING, max_tokens: 16, ...GREEDY, ...more });
const text = (completion) => completion.choices[0].text;
const length = (vector) => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));

export default function cases(add) {
  add('completions: a whole answer', async ({ openai, model, observe }) => {
    const answer = await openai.completions.create(complete());
    assert.equal(answer.object, 'text_completion');
    assert.equal(answer.model, model);
    observe('text', text(answer));
    observe('finish_reason', answer.choices[0].finish_reason);
    observe('usage', [answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens]);
  });

  add('completions: id', async ({ openai, observe }) => {
    observe('prefix', (await openai.completions.create(complete({ max_tokens: 1 }))).id.split('-')[0]);
  });

  add('completions: a prompt of tokens is the same as its text', async ({ openai, observe }) => {
    const answer = await openai.completions.create(complete({ prompt: ONCE }));
    assert.equal(text(answer), text(await openai.completions.create(complete())));
    observe('prompt_tokens', answer.usage.prompt_tokens);
  });

  add('completions: several prompts', async ({ openai, observe }) => {
    const answer = await openai.completions.create(complete({ prompt: [BEGINNING, 'The cat'], max_tokens: 8 }));
    assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1]);
    observe('texts', answer.choices.map((choice) => choice.text));
    observe('usage', [answer.usage.prompt_tokens, answer.usage.completion_tokens]);
  });

  add('completions: n answers', async ({ openai, observe }) => {
    const answer = await openai.completions.create(complete({ n: 2, ...SAMPLED, seed: 5 }));
    observe('choices', answer.choices.length);
    observe('indices', answer.choices.map((choice) => choice.index));
  });

  add('completions: streamed', async ({ openai, observe }) => {
    const chunks = await all(await openai.completions.create(complete({ stream: true, stream_options: { include_usage: true } })));
    const answer = chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('');
    assert.equal(answer, text(await openai.completions.create(complete())));
    observe('finish_reason', chunks.findLast((chunk) => chunk.choices[0]?.finish_reason).choices[0].finish_reason);
    observe('usage', [chunks.at(-1).usage?.prompt_tokens, chunks.at(-1).usage?.completion_tokens]);
  });

  add('completions: a stop sequence', async ({ openai, observe }) => {
    const whole = text(await openai.completions.create(complete({ max_tokens: 24 })));
    const answer = await openai.completions.create(complete({ max_tokens: 24, stop: whole.slice(10, 14) }));
    assert.equal(text(answer), whole.slice(0, whole.indexOf(whole.slice(10, 14))));
    observe('finish_reason', answer.choices[0].finish_reason);
  });

  add('completions: a seed repeats', async ({ openai, observe }) => {
    const ask = async (seed) => text(await openai.completions.create(complete({ ...SAMPLED, seed })));
    const first = await ask(99);
    assert.equal(await ask(99), first);
    observe('text', first);
  });

  add('completions: log probabilities', async ({ openai, observe }) => {
    const { logprobs } = (await openai.completions.create(complete({ logprobs: 2, max_tokens: 5 }))).choices[0];
    assert.equal(logprobs.tokens.length, 5);
    assert.ok(logprobs.token_logprobs.every((p) => p <= 0));
    assert.deepEqual(logprobs.text_offset, logprobs.tokens.reduce((at, token) => [...at, at.at(-1) + token.length], [0]).slice(0, -1));
    observe('tokens', logprobs.tokens);
  });

  add('completions: the prompt is repeated with echo', async ({ openai }) => {
    const answer = await openai.completions.create(complete({ echo: true }));
    assert.ok(text(answer).startsWith(BEGINNING));
  });

  add('completions: a suffix is refused', async ({ openai, observe }) => {
    const error = await rejection(openai.completions.create(complete({ suffix: 'The end.' })));
    observe('status', error.status);
    observe('param', error.param);
  });

  add('embeddings: a vector of length 1', async ({ embeddings, observe }) => {
    const answer = await embeddings.embeddings.create({ model: 'any', input: BEGINNING });
    assert.equal(answer.object, 'list');
    const [{ embedding, index }] = answer.data;
    assert.equal(index, 0);
    assert.equal(embedding.length, WIDTH);
    assert.ok(Math.abs(length([...embedding]) - 1) < 1e-4);
    observe('vector', [...embedding], { tolerance: 1e-3 });
    observe('usage', [answer.usage.prompt_tokens, answer.usage.total_tokens]);
  });

  add('embeddings: base64 and float are equal', async ({ embeddings }) => {
    const floats = (await embeddings.embeddings.create({ model: 'any', input: 'The cat', encoding_format: 'float' })).data[0].embedding;
    const encoded = (await embeddings.embeddings.create({ model: 'any', input: 'The cat', encoding_format: 'base64' })).data[0].embedding;
    assert.equal(typeof encoded, 'string');
    const bytes = Buffer.from(encoded, 'base64');
    assert.equal(bytes.length, WIDTH * 4);
    floats.forEach((x, i) => assert.ok(Math.abs(x - bytes.readFloatLE(4 * i)) < 1e-6));
  });

  add('embeddings: several inputs, in their order', async ({ embeddings, observe }) => {
    const inputs = ['The cat', BEGINNING, 'The cat'];
    const answer = await embeddings.embeddings.create({ model: 'any', input: inputs });
    assert.deepEqual(answer.data.map((item) => item.index), [0, 1, 2]);
    const [a, b, c] = answer.data.map((item) => [...item.embedding]);
    a.forEach((x, i) => assert.ok(Math.abs(x - c[i]) < 1e-4));
    assert.ok(a.some((x, i) => Math.abs(x - b[i]) > 1e-2));
    observe('usage', answer.usage.prompt_tokens);
  });

  add('embeddings: a vector does not depend on its company', async ({ embeddings }) => {
    const together = await embeddings.embeddings.create({ model: 'any', input: [BEGINNING, 'The cat'] });
    const [alone] = (await embeddings.embeddings.create({ model: 'any', input: BEGINNING })).data;
    [...together.data[0].embedding].forEach((x, i) => assert.ok(Math.abs(x - alone.embedding[i]) < 1e-3, `${x} instead of ${alone.embedding[i]}`));
  });

  add('embeddings: tokens instead of a text', async ({ embeddings, observe }) => {
    const answer = await embeddings.embeddings.create({ model: 'any', input: [ONCE] });
    const [of] = (await embeddings.embeddings.create({ model: 'any', input: BEGINNING })).data;
    [...answer.data[0].embedding].forEach((x, i) => assert.ok(Math.abs(x - of.embedding[i]) < 1e-4));
    observe('usage', answer.usage.prompt_tokens);
  });

  add('embeddings: fewer dimensions', async ({ embeddings, observe }) => {
    const answer = await embeddings.embeddings.create({ model: 'any', input: BEGINNING, dimensions: 32 });
    observe('dimensions', answer.data[0].embedding.length);
    observe('length', length([...answer.data[0].embedding]), { tolerance: 1e-3 });
  });

  add('embeddings: no input is refused', async ({ embeddings, observe }) => {
    const error = await rejection(embeddings.embeddings.create({ model: 'any' }));
    observe('status', error.status);
    observe('param', error.param);
  });
}
