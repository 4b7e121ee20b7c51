// SPDX-License-Identifier: Apache-2.0
// The openai SDK: responses.

import assert from 'node:assert/strict';
import { all, rejection } from '../lib/case.mjs';
import { load } from '../lib/modules.mjs';
import { BEGINNING, WEATHER, isWeather } from '../lib/asks.mjs';

const respond = (more = {}) => ({ model: 'any', input: BEGINNING, max_output_tokens: 16, temperature: 0, ...more });
const weather = { type: 'function', name: 'weather', description: 'The weather', parameters: WEATHER, strict: true };

export default function cases(add) {
  add('responses: a whole answer', async ({ openai, model, observe }) => {
    const answer = await openai.responses.create(respond());
    assert.match(answer.id, /^resp_.+/);
    assert.equal(answer.object, 'response');
    assert.equal(answer.model, model);
    const [message] = answer.output;
    assert.deepEqual([message.type, message.role, message.content[0].type], ['message', 'assistant', 'output_text']);
    assert.equal(answer.output_text, message.content[0].text);
    observe('text', answer.output_text);
    observe('status', answer.status);
    observe('incomplete_details', answer.incomplete_details ?? null);
    observe('usage', [answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens]);
  });

  add('responses: instructions and a list of messages', async ({ openai, observe }) => {
    const input = [{ role: 'user', content: 'Hello' }, { role: 'assistant', content: 'Hi, Tom.' },
      { role: 'user', content: [{ type: 'input_text', text: BEGINNING }] }];
    const answer = await openai.responses.create(respond({ instructions: 'A story of a cat.', input }));
    observe('text', answer.output_text);
    observe('input_tokens', answer.usage.input_tokens);
  });

  add('responses: the stream and its events', async ({ openai, observe }) => {
    const events = await all(await openai.responses.create(respond({ stream: true })));
    const text = events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta).join('');
    assert.equal(text, (await openai.responses.create(respond())).output_text);
    observe('text', text);
    observe('events', [...new Set(events.map((event) => event.type))]);
    observe('sequence', events.every((event, i) => event.sequence_number === i));
    observe('last', events.at(-1).type);
  });

  add('responses: the helper', async ({ openai, observe }) => {
    let text = '';
    const runner = openai.responses.stream(respond()).on('response.output_text.delta', (event) => { text += event.delta; });
    const final = await runner.finalResponse();
    assert.equal(final.output_text, text);
    observe('text', text);
  });

  add('responses: what was answered goes back', async ({ openai, observe }) => {
    const first = await openai.responses.create(respond());
    const answer = await openai.responses.create(respond({ input: [{ role: 'user', content: BEGINNING }, ...first.output, { role: 'user', content: 'And then?' }] }));
    observe('input_tokens', answer.usage.input_tokens);
  });

  add('responses: a function is called', async ({ openai }) => {
    const answer = await openai.responses.create(respond({ tools: [weather], tool_choice: 'required', parallel_tool_calls: false, max_output_tokens: 110 }));
    const call = answer.output.find((item) => item.type === 'function_call');
    assert.equal(call.name, 'weather');
    assert.ok(isWeather(JSON.parse(call.arguments)));
    assert.ok(call.call_id.length > 0);
    assert.equal(answer.status, 'completed');
  });

  add('responses: a streamed function call', async ({ openai }) => {
    const events = await all(await openai.responses.create(respond({ stream: true, tools: [weather], tool_choice: { type: 'function', name: 'weather' },
      parallel_tool_calls: false, max_output_tokens: 110 })));
    const text = events.filter((event) => event.type === 'response.function_call_arguments.delta').map((event) => event.delta).join('');
    assert.ok(isWeather(JSON.parse(text)));
    const done = events.find((event) => event.type === 'response.function_call_arguments.done');
    assert.equal(done.arguments, text);
  });

  add('responses: a function result goes back', async ({ openai, observe }) => {
    const input = [{ role: 'user', content: BEGINNING },
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"unit":"celsius","days":2}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'It is sunny.' }];
    const answer = await openai.responses.create(respond({ input, tools: [weather] }));
    observe('input_tokens', answer.usage.input_tokens);
    observe('text', answer.output_text);
  });

  add('responses: parsed by a Zod schema', async ({ openai, observe }) => {
    const { z } = load('zod');
    const { zodTextFormat } = load('openai/helpers/zod');
    const schema = z.object({ unit: z.enum(['celsius', 'kelvin']), days: z.number().int().min(1).max(7) });
    const answer = await openai.responses.parse(respond({ text: { format: zodTextFormat(schema, 'weather') }, max_output_tokens: 150 }));
    assert.ok(isWeather(answer.output_parsed));
    observe('status', answer.status);
  });

  add('responses: log probabilities', async ({ openai, observe }) => {
    const answer = await openai.responses.create(respond({ include: ['message.output_text.logprobs'], top_logprobs: 2, max_output_tokens: 5 }));
    const { logprobs, text } = answer.output[0].content[0];
    assert.equal(logprobs.map((token) => token.token).join(''), text);
    observe('logprobs', logprobs.map((token) => token.logprob), { tolerance: 0.02 });
  });

  for (const [what, more] of Object.entries({
    'an earlier answer': { previous_response_id: 'resp_1' },
    'store': { store: true },
    'a tool of the provider': { tools: [{ type: 'web_search' }] },
    'an unknown member': { frobnicate: 1 },
  })) {
    add(`responses: refused: ${what}`, async ({ openai, observe }) => {
      const error = await rejection(openai.responses.create(respond(more)));
      observe('status', error.status);
      observe('param', error.param);
    });
  }

  add('responses: a stored answer is not found', async ({ openai, observe }) => {
    const error = await rejection(openai.responses.retrieve('resp_1'));
    observe('status', error.status);
  });
}
