// SPDX-License-Identifier: Apache-2.0
// @anthropic-ai/sdk: /v1/messages.

import assert from 'node:assert/strict';
import { all, rejection } from '../lib/case.mjs';
import { load } from '../lib/modules.mjs';
import { BEGINNING, WEATHER, chat, isWeather, user } from '../lib/asks.mjs';

const ask = (more = {}) => ({ model: 'any', messages: user(BEGINNING), max_tokens: 16, temperature: 0, ...more });
const weather = { name: 'weather', description: 'The weather', input_schema: WEATHER };
const calling = (more = {}) => ask({ tools: [weather], tool_choice: { type: 'any', disable_parallel_tool_use: true }, max_tokens: 110, ...more });

export default function cases(add) {
  add('messages: a whole answer', async ({ anthropic, openai, model, observe }) => {
    const answer = await anthropic.messages.create(ask());
    assert.deepEqual([answer.type, answer.role, answer.model, answer.content.length, answer.content[0].type], ['message', 'assistant', model, 1, 'text']);
    assert.equal(answer.content[0].text, (await openai.chat.completions.create(chat())).choices[0].message.content);
    observe('text', answer.content[0].text);
    observe('stop_reason', answer.stop_reason);
    observe('id', answer.id.split(/[-_]/)[0]);
  });

  add('messages: usage', async ({ anthropic, observe }) => {
    const { usage } = await anthropic.messages.create(ask({ messages: user('A duck and a goose went home'), max_tokens: 7 }));
    observe('input', usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0));
    observe('output_tokens', usage.output_tokens);
  });

  add('messages: system and several turns', async ({ anthropic, observe }) => {
    const messages = [...user('Hello'), { role: 'assistant', content: [{ type: 'text', text: 'Hi, Tom.' }] }, ...user([{ type: 'text', text: BEGINNING }])];
    const answer = await anthropic.messages.create(ask({ system: 'A story of a cat.', messages }));
    observe('text', answer.content[0].text);
  });

  add('messages: the stream and its events', async ({ anthropic, observe }) => {
    const events = await all(await anthropic.messages.create(ask({ stream: true })));
    const text = events.filter((event) => event.type === 'content_block_delta').map((event) => event.delta.text).join('');
    assert.equal(text, (await anthropic.messages.create(ask())).content[0].text);
    observe('events', events.map((event) => event.type).filter((type, i, types) => type !== types[i - 1]));
    observe('stop_reason', events.find((event) => event.type === 'message_delta').delta.stop_reason);
    observe('output_tokens', events.find((event) => event.type === 'message_delta').usage.output_tokens);
  });

  add('messages: the helper with its events', async ({ anthropic, observe }) => {
    let text = '';
    const seen = [];
    const stream = anthropic.messages.stream(ask())
      .on('text', (piece) => { text += piece; })
      .on('contentBlock', () => seen.push('contentBlock'))
      .on('message', () => seen.push('message'))
      .on('finalMessage', () => seen.push('finalMessage'));
    const final = await stream.finalMessage();
    assert.equal(final.content[0].text, text);
    assert.equal(await stream.finalText(), text);
    assert.deepEqual(seen, ['contentBlock', 'message', 'finalMessage']);
    observe('text', text);
    observe('output_tokens', final.usage.output_tokens);
  });

  add('messages: a stop sequence', async ({ anthropic, observe }) => {
    const whole = (await anthropic.messages.create(ask({ max_tokens: 30 }))).content[0].text;
    const stop = whole.slice(12, 16);
    const answer = await anthropic.messages.create(ask({ max_tokens: 30, stop_sequences: ['never seen', stop] }));
    assert.equal(answer.content[0].text, whole.slice(0, whole.indexOf(stop)));
    assert.equal(answer.stop_sequence, stop);
    observe('stop_reason', answer.stop_reason);
  });

  add('messages: a tool is used', async ({ anthropic, observe }) => {
    const answer = await anthropic.messages.create(calling());
    const use = answer.content.find((block) => block.type === 'tool_use');
    assert.equal(use.name, 'weather');
    assert.ok(isWeather(use.input));
    observe('stop_reason', answer.stop_reason);
  });

  add('messages: a streamed tool use', async ({ anthropic, observe }) => {
    let json = '';
    const stream = anthropic.messages.stream(calling()).on('inputJson', (piece) => { json += piece; });
    const final = await stream.finalMessage();
    const use = final.content.find((block) => block.type === 'tool_use');
    assert.ok(isWeather(use.input));
    assert.deepEqual(JSON.parse(json), use.input);
    observe('stop_reason', final.stop_reason);
  });

  add('messages: a tool result goes back', async ({ anthropic, observe }) => {
    const messages = [...user(BEGINNING),
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { unit: 'celsius', days: 2 } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'It is sunny.' }] }];
    const answer = await anthropic.messages.create(ask({ messages, tools: [weather] }));
    observe('text', answer.content[0].text);
  });

  add('messages: JSON as a schema says', async ({ anthropic, observe }) => {
    const answer = await anthropic.messages.create(ask({ output_config: { format: { type: 'json_schema', schema: WEATHER } }, max_tokens: 150 }));
    assert.ok(isWeather(JSON.parse(answer.content[0].text)));
    observe('stop_reason', answer.stop_reason);
  });

  for (const [what, more] of Object.entries({
    'no max_tokens': { max_tokens: undefined },
    'an unknown member': { frobnicate: 1 },
    'a prompt that is too long': { messages: user('and then '.repeat(400)) },
    'a tool of the provider': { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
  })) {
    add(`messages: refused: ${what}`, async ({ anthropic, observe }) => {
      const error = await rejection(anthropic.messages.create(ask(more)));
      observe('status', error.status);
      observe('class', error.constructor.name);
      observe('type', error.error?.error?.type ?? error.error?.type);
    });
  }

  add('messages: refused: a wrong key', async ({ origin, fetch, observe }) => {
    const { Anthropic } = load('@anthropic-ai/sdk');
    const error = await rejection(new Anthropic({ apiKey: 'wrong-key-0123456789', baseURL: origin, maxRetries: 0, fetch }).messages.create(ask()));
    assert.ok(error instanceof Anthropic.AuthenticationError);
    observe('status', error.status);
  });

  add('messages: tokens are counted', async ({ anthropic, observe }) => {
    const { input_tokens: counted } = await anthropic.messages.countTokens({ model: 'any', messages: user(BEGINNING), system: 'A story.' });
    const { usage } = await anthropic.messages.create(ask({ system: 'A story.' }));
    assert.equal(counted, usage.input_tokens + (usage.cache_read_input_tokens ?? 0));
    observe('input_tokens', counted);
  });

  add('messages: tokens of tools are counted', async ({ anthropic, observe }) => {
    const count = async (more) => (await anthropic.messages.countTokens({ model: 'any', messages: user(BEGINNING), ...more })).input_tokens;
    const bare = await count({});
    const withTools = await count({ tools: [weather] });
    assert.ok(withTools > bare);
    observe('input_tokens', withTools);
  });

  add('messages: a count of no messages is refused', async ({ anthropic, observe }) => {
    const error = await rejection(anthropic.messages.countTokens({ model: 'any' }));
    observe('status', error.status);
    observe('type', error.error?.error?.type ?? error.error?.type);
  });

  add('messages: the next turn of a conversation is not read again', async ({ anthropic, observe }) => {
    const first = user('A small grey elephant lived beside the blue river and');
    const answer = await anthropic.messages.create(ask({ messages: first }));
    const { usage } = await anthropic.messages.create(ask({
      messages: [...first, { role: 'assistant', content: answer.content[0].text }, ...user('Then it said')],
    }));
    observe('tokens', usage.input_tokens + (usage.cache_read_input_tokens ?? 0));
    observe('cache_read_input_tokens', usage.cache_read_input_tokens);
  });

  add('messages: models', async ({ anthropic, model }) => {
    const models = await all(anthropic.models.list());
    assert.equal(models[0].id, model);
    assert.equal(models[0].type, 'model');
  });

  add('messages: abort', async ({ plainAnthropic, observe }) => {
    const stream = plainAnthropic.messages.stream(ask({ max_tokens: 200 }));
    let pieces = 0;
    stream.on('text', () => {
      pieces++;
      if (pieces === 3) stream.abort();
    });
    const error = await rejection(stream.finalMessage());
    assert.ok(error instanceof load('@anthropic-ai/sdk').APIUserAbortError);
    observe('text', (await plainAnthropic.messages.create(ask())).content[0].text);
  });
}
