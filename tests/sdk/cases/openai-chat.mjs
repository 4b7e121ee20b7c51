// SPDX-License-Identifier: Apache-2.0
// The openai SDK: models, and whole answers of chat.

import assert from 'node:assert/strict';
import { rejection } from '../lib/case.mjs';
import { BEGINNING, GREEDY, SAMPLED, chat, user } from '../lib/asks.mjs';

const text = (completion) => completion.choices[0].message.content;

export default function cases(add) {
  add('models: one is listed', async ({ openai, observe }) => {
    const page = await openai.models.list();
    assert.equal(page.data.length, 1);
    assert.ok(Number.isInteger(page.data[0].created));
    observe('id', page.data[0].id);
    observe('object', page.data[0].object);
  });

  add('models: it is found by its name', async ({ openai, model, observe }) => {
    const found = await openai.models.retrieve(model);
    assert.equal(found.id, model);
    observe('object', found.object);
  });

  add('models: another name is not found', async ({ openai, observe }) => {
    const error = await rejection(openai.models.retrieve('no-such-model'));
    observe('class', error.constructor.name);
    observe('status', error.status);
    observe('code', error.code);
  });

  add('chat: a whole answer', async ({ openai, model, observe }) => {
    const answer = await openai.chat.completions.create(chat());
    assert.match(answer.id, /^chatcmpl-.+/);
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.model, model);
    assert.ok(Math.abs(answer.created - Date.now() / 1000) < 3600);
    assert.equal(answer.choices.length, 1);
    assert.equal(answer.choices[0].index, 0);
    assert.equal(answer.choices[0].message.role, 'assistant');
    assert.ok(text(answer).length > 0);
    observe('text', text(answer));
    observe('finish_reason', answer.choices[0].finish_reason);
  });

  add('chat: greedy answers repeat', async ({ openai, observe }) => {
    const ask = () => openai.chat.completions.create(chat({ max_tokens: 40 }));
    const first = text(await ask());
    assert.equal(text(await ask()), first);
    observe('text', first);
  });

  add('chat: usage', async ({ openai, observe }) => {
    const { usage } = await openai.chat.completions.create(chat({ messages: user('The little red hen sat on a wall'), max_tokens: 9 }));
    assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
    assert.ok(usage.prompt_tokens_details.cached_tokens >= 0);
    observe('prompt_tokens', usage.prompt_tokens);
    observe('completion_tokens', usage.completion_tokens);
  });

  add('chat: the next turn of a conversation is not read again', async ({ openai, observe }) => {
    const first = user('The lighthouse keeper had a big red boat and a small dog');
    const answer = await openai.chat.completions.create(chat({ messages: first }));
    const next = await openai.chat.completions.create(chat({ messages: [...first, answer.choices[0].message, ...user('Then the dog said')] }));
    observe('text', text(next));
    observe('prompt_tokens', next.usage.prompt_tokens);
    observe('cached_tokens', next.usage.prompt_tokens_details.cached_tokens);
  });

  add('chat: max_completion_tokens', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(chat({ max_tokens: undefined, max_completion_tokens: 3 }));
    observe('completion_tokens', answer.usage.completion_tokens);
    observe('finish_reason', answer.choices[0].finish_reason);
  });

  add('chat: system and developer', async ({ openai, observe }) => {
    const ask = (role) => openai.chat.completions.create(chat({ messages: [{ role, content: 'A story of a cat.' }, ...user(BEGINNING)] }));
    const system = await ask('system');
    const developer = await ask('developer');
    observe('text, system', text(system));
    observe('text, developer', text(developer));
    observe('prompt_tokens', [system.usage.prompt_tokens, developer.usage.prompt_tokens]);
  });

  add('chat: a content of parts is one text', async ({ openai, observe }) => {
    const parts = [{ type: 'text', text: 'Once upon' }, { type: 'text', text: ' a time' }];
    const answer = await openai.chat.completions.create(chat({ messages: user(parts) }));
    observe('prompt_tokens', answer.usage.prompt_tokens);
    observe('text', text(answer));
  });

  add('chat: a conversation of several turns', async ({ openai, observe }) => {
    const messages = [...user('Hello'), { role: 'assistant', content: 'Hi, Tom.' }, ...user(BEGINNING)];
    const answer = await openai.chat.completions.create(chat({ messages }));
    observe('prompt_tokens', answer.usage.prompt_tokens);
    observe('text', text(answer));
  });

  add('chat: an answer may be sent back as it came', async ({ openai, observe }) => {
    const first = await openai.chat.completions.create(chat());
    const answer = await openai.chat.completions.create(chat({ messages: [...user(BEGINNING), first.choices[0].message, ...user('And then?')] }));
    observe('prompt_tokens', answer.usage.prompt_tokens);
  });

  add('chat: n answers', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(chat({ n: 3, ...SAMPLED, seed: 7, max_tokens: 12 }));
    assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1, 2]);
    observe('distinct', new Set(answer.choices.map((choice) => choice.message.content)).size);
    observe('completion_tokens', answer.usage.completion_tokens);
    observe('prompt_tokens', answer.usage.prompt_tokens);
  });

  add('chat: a stop sequence', async ({ openai, observe }) => {
    const whole = text(await openai.chat.completions.create(chat({ max_tokens: 30 })));
    const stop = whole.slice(12, 15);
    const answer = await openai.chat.completions.create(chat({ max_tokens: 30, stop }));
    assert.equal(text(answer), whole.slice(0, whole.indexOf(stop)));
    observe('finish_reason', answer.choices[0].finish_reason);
    observe('text', text(answer));
  });

  add('chat: the first of several stop sequences', async ({ openai, observe }) => {
    const whole = text(await openai.chat.completions.create(chat({ max_tokens: 30 })));
    const answer = await openai.chat.completions.create(chat({ max_tokens: 30, stop: ['never seen', whole.slice(20, 24), whole.slice(8, 11)] }));
    assert.equal(text(answer), whole.slice(0, Math.min(whole.indexOf(whole.slice(8, 11)), whole.indexOf(whole.slice(20, 24)))));
    observe('finish_reason', answer.choices[0].finish_reason);
  });

  add('chat: a seed repeats, another does not', async ({ openai, observe }) => {
    const ask = async (seed) => text(await openai.chat.completions.create(chat({ ...SAMPLED, seed, max_tokens: 20 })));
    const first = await ask(1234);
    assert.equal(await ask(1234), first);
    assert.notEqual(await ask(4321), first);
    observe('text', first);
  });

  add('chat: without a seed answers differ', async ({ openai }) => {
    const ask = async () => text(await openai.chat.completions.create(chat({ ...SAMPLED, seed: undefined, max_tokens: 24 })));
    assert.ok(new Set([await ask(), await ask(), await ask()]).size > 1);
  });

  add('chat: log probabilities', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(chat({ logprobs: true, top_logprobs: 3, max_tokens: 8 }));
    const tokens = answer.choices[0].logprobs.content;
    assert.equal(tokens.length, answer.usage.completion_tokens);
    for (const token of tokens) {
      assert.ok(token.logprob <= 0 && token.top_logprobs.length === 3);
      assert.deepEqual(token.bytes, [...Buffer.from(token.token)]);
      assert.equal(token.top_logprobs[0].token, token.token);
    }
    assert.equal(tokens.map((token) => token.token).join(''), text(answer));
    observe('tokens', tokens.map((token) => token.token));
    observe('logprob', tokens.map((token) => token.logprob), { tolerance: 0.02 });
    observe('top tokens', tokens.map((token) => token.top_logprobs.map((top) => top.token)));
    observe('top logprobs', tokens.map((token) => token.top_logprobs.map((top) => top.logprob)), { tolerance: 0.02 });
  });

  add('chat: logit_bias forbids and forces a token', async ({ openai, observe }) => {
    const CAT = 6635; // " cat"
    const forced = await openai.chat.completions.create(chat({ max_tokens: 3, logit_bias: { [CAT]: 100 } }));
    assert.equal(text(forced), ' cat cat cat');
    const free = text(await openai.chat.completions.create(chat()));
    const first = (await openai.chat.completions.create(chat({ max_tokens: 1 }))).choices[0].message.content;
    const QUOTE = 376; // " \"", with which the demo model begins
    const forbidden = text(await openai.chat.completions.create(chat({ logit_bias: { [QUOTE]: -100 } })));
    assert.equal(free.startsWith(first), true);
    assert.notEqual(forbidden, free);
    observe('forbidden', forbidden);
  });

  for (const [name, penalty] of Object.entries({ presence_penalty: 1.5, frequency_penalty: 1.5 })) {
    add(`chat: ${name}`, async ({ openai, observe }) => {
      const ask = async (more) => text(await openai.chat.completions.create(chat({ max_tokens: 60, ...more })));
      const answer = await ask({ [name]: penalty });
      assert.notEqual(answer, await ask({}));
      observe('text', answer);
    });
  }

  add('chat: top_p small enough is greedy', async ({ openai, observe }) => {
    const greedy = text(await openai.chat.completions.create(chat()));
    const answer = text(await openai.chat.completions.create(chat({ ...SAMPLED, top_p: 0.000001 })));
    assert.equal(answer, greedy);
    observe('text', answer);
  });

  add('chat: members that ask for nothing', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(chat({ user: 'u', metadata: { a: 'b' }, store: false, service_tier: 'auto', prompt_cache_key: 'k',
      safety_identifier: 's', verbosity: 'low' }));
    observe('text', text(answer));
  });

  add('chat: the raw response', async ({ openai, observe }) => {
    const { data, response } = await openai.chat.completions.create(chat({ max_tokens: 2 })).withResponse();
    assert.equal(data.choices.length, 1);
    assert.match(response.headers.get('content-type'), /^application\/json/);
    observe('status', response.status);
  });

  add('chat: the whole context is used, and no more', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create({ model: 'any', messages: user(BEGINNING), ...GREEDY });
    assert.ok(answer.usage.total_tokens <= 256);
    observe('finish_reason', answer.choices[0].finish_reason);
    observe('completion_tokens', answer.usage.completion_tokens);
  });
}
