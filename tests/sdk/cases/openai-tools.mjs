// SPDX-License-Identifier: Apache-2.0
// The openai SDK: tools.

import assert from 'node:assert/strict';
import { all, rejection } from '../lib/case.mjs';
import { load } from '../lib/modules.mjs';
import { BEGINNING, CALLING, WEATHER, bellTool, chat, isWeather, user, weatherTool } from '../lib/asks.mjs';

const calling = (more = {}) => chat({ max_tokens: 110, tools: [weatherTool], tool_choice: 'required', ...CALLING, ...more });

function theCall(message) {
  assert.equal(message.tool_calls.length, 1);
  const [call] = message.tool_calls;
  assert.equal(call.type, 'function');
  assert.ok(call.id.length > 0);
  return call.function;
}

export default function cases(add) {
  add('tools: a required call has arguments as its schema says', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(calling());
    const call = theCall(answer.choices[0].message);
    assert.ok(isWeather(JSON.parse(call.arguments)));
    observe('name', call.name);
    observe('arguments', JSON.parse(call.arguments));
    observe('content', answer.choices[0].message.content);
    observe('finish_reason', answer.choices[0].finish_reason);
    observe('prompt_tokens', answer.usage.prompt_tokens);
  });

  add('tools: a required call comes without being coaxed', async ({ openai }) => {
    const answer = await openai.chat.completions.create(calling({ logit_bias: undefined }));
    assert.ok(isWeather(JSON.parse(theCall(answer.choices[0].message).arguments)));
    assert.equal(answer.choices[0].finish_reason, 'tool_calls');
  });

  add('tools: the one that is named is called', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(calling({ tools: [weatherTool, bellTool], tool_choice: { type: 'function', function: { name: 'ring' } } }));
    const call = theCall(answer.choices[0].message);
    assert.equal(call.name, 'ring');
    assert.equal(typeof JSON.parse(call.arguments).on, 'boolean');
    observe('finish_reason', answer.choices[0].finish_reason);
  });

  add('tools: pieces of a streamed call are the whole one', async ({ openai, observe }) => {
    const chunks = await all(await openai.chat.completions.create(calling({ stream: true })));
    const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    assert.ok(deltas.every((delta) => delta.index === 0));
    assert.equal(deltas.filter((delta) => delta.id !== undefined && delta.id !== null).length, 1);
    assert.equal(deltas[0].function.name, 'weather');
    const text = deltas.map((delta) => delta.function.arguments ?? '').join('');
    assert.ok(isWeather(JSON.parse(text)));
    assert.ok(deltas.length > 3);
    observe('arguments', JSON.parse(text));
    observe('finish_reason', chunks.findLast((chunk) => chunk.choices[0]?.finish_reason).choices[0].finish_reason);
  });

  add('tools: the helper gathers a streamed call', async ({ openai, observe }) => {
    const runner = openai.chat.completions.stream(calling());
    const call = theCall((await runner.finalChatCompletion()).choices[0].message);
    assert.ok(isWeather(JSON.parse(call.arguments)));
    observe('name', call.name);
  });

  add('tools: none are called when none may be', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(chat({ tools: [weatherTool], tool_choice: 'none' }));
    assert.equal(answer.choices[0].message.tool_calls, undefined);
    observe('finish_reason', answer.choices[0].finish_reason);
    observe('text', answer.choices[0].message.content);
    observe('prompt_tokens', answer.usage.prompt_tokens);
  });

  add('tools: text when the model likes', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(chat({ tools: [weatherTool, bellTool] }));
    observe('text', answer.choices[0].message.content);
    observe('prompt_tokens', answer.usage.prompt_tokens);
  });

  add('tools: a result goes back', async ({ openai, observe }) => {
    const messages = [...user(BEGINNING),
      { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"unit":"celsius","days":2}' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'It is sunny.' }];
    const answer = await openai.chat.completions.create(chat({ messages, tools: [weatherTool] }));
    observe('prompt_tokens', answer.usage.prompt_tokens);
    observe('text', answer.choices[0].message.content);
  });

  add('tools: a tool made of a Zod schema, parsed', async ({ openai, observe }) => {
    const { z } = load('zod');
    const { zodFunction } = load('openai/helpers/zod');
    const tool = zodFunction({ name: 'weather', parameters: z.object({ unit: z.enum(['celsius', 'kelvin']), days: z.number().int().min(1).max(7) }) });
    const answer = await openai.chat.completions.parse(calling({ tools: [tool] }));
    const parsed = theCall(answer.choices[0].message).parsed_arguments;
    assert.ok(isWeather(parsed));
    observe('arguments', parsed);
  });

  add('tools: the runner calls the function', async ({ openai, observe }) => {
    const calls = [];
    const weather = (given) => {
      calls.push(given);
      return 'sunny';
    };
    const runner = openai.chat.completions.runTools(calling({
      tools: [{ type: 'function', function: { name: 'weather', description: 'The weather', parameters: WEATHER, parse: JSON.parse, function: weather } }],
      tool_choice: { type: 'function', function: { name: 'weather' } },
    }), { maxChatCompletions: 1 });
    await runner.done();
    assert.equal(calls.length, 1);
    assert.ok(isWeather(calls[0]));
    observe('result', runner.messages.at(-1).content);
  });

  add('tools: several calls in one answer', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(calling({ parallel_tool_calls: true, max_tokens: 120 }));
    const calls = answer.choices[0].message.tool_calls;
    assert.ok(calls.length >= 2);
    assert.equal(new Set(calls.map((call) => call.id)).size, calls.length);
    assert.ok(isWeather(JSON.parse(calls[0].function.arguments)));
    observe('calls', calls.length);
  });

  add('tools: a schema that is none is refused', async ({ openai, observe }) => {
    const tool = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { a: { $ref: '#/nowhere' } }, required: ['a'] } } };
    const error = await rejection(openai.chat.completions.create(calling({ tools: [tool] })));
    observe('class', error.constructor.name);
    observe('status', error.status);
  });

  add('tools: a tool without a name is refused, by its place', async ({ openai, observe }) => {
    const error = await rejection(openai.chat.completions.create(calling({ tools: [{ type: 'function', function: { parameters: WEATHER } }] })));
    observe('status', error.status);
    observe('param', error.param);
  });
}
