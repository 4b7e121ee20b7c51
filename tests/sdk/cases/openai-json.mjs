// SPDX-License-Identifier: Apache-2.0
// The openai SDK: answers that are JSON.

import assert from 'node:assert/strict';
import { all, rejection } from '../lib/case.mjs';
import { load } from '../lib/modules.mjs';
import { WEATHER, chat, isWeather } from '../lib/asks.mjs';

const format = (schema) => ({ type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } });
const text = (completion) => completion.choices[0].message.content;
const ONLY = 'grün – 気 😀 "q" \\';

export default function cases(add) {
  add('json: an object', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(chat({ response_format: { type: 'json_object' }, max_tokens: 200, stop: undefined }));
    // The model may not come to an end; then what it wrote must still be the beginning of an object.
    if (answer.choices[0].finish_reason === 'stop') assert.equal(typeof JSON.parse(text(answer)), 'object');
    assert.match(text(answer), /^\s*\{/);
    observe('prompt_tokens', answer.usage.prompt_tokens);
  });

  add('json: as a schema says', async ({ openai, observe }) => {
    const answer = await openai.chat.completions.create(chat({ response_format: format(WEATHER), max_tokens: 150 }));
    assert.ok(isWeather(JSON.parse(text(answer))));
    observe('finish_reason', answer.choices[0].finish_reason);
    observe('prompt_tokens', answer.usage.prompt_tokens);
  });

  add('json: streamed, as a schema says', async ({ openai, observe }) => {
    const chunks = await all(await openai.chat.completions.create(chat({ stream: true, response_format: format(WEATHER), max_tokens: 150 })));
    assert.ok(isWeather(JSON.parse(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''))));
    observe('finish_reason', chunks.findLast((chunk) => chunk.choices[0]?.finish_reason).choices[0].finish_reason);
  });

  add('json: characters of every length arrive whole', async ({ openai, observe }) => {
    const schema = { type: 'object', properties: { t: { const: ONLY } }, required: ['t'], additionalProperties: false };
    const request = chat({ response_format: format(schema), max_tokens: 150 });
    const chunks = await all(await openai.chat.completions.create({ ...request, stream: true }));
    assert.equal(JSON.parse(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).t, ONLY);
    assert.equal(JSON.parse(text(await openai.chat.completions.create(request))).t, ONLY);
    observe('same', true);
  });

  add('json: nested, with arrays and alternatives', async ({ openai, observe }) => {
    const schema = {
      type: 'object',
      properties: {
        list: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 9 }, minItems: 2, maxItems: 2 },
        either: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/flag' }] },
      },
      required: ['list', 'either'],
      additionalProperties: false,
      $defs: { flag: { type: 'boolean' } },
    };
    const value = JSON.parse(text(await openai.chat.completions.create(chat({ response_format: format(schema), max_tokens: 180 }))));
    assert.ok(value.list.length === 2 && value.list.every((n) => n >= 0 && n <= 9));
    assert.ok(value.either === null || typeof value.either === 'boolean');
    observe('members', Object.keys(value));
  });

  add('json: parsed by a Zod schema', async ({ openai, observe }) => {
    const { z } = load('zod');
    const { zodResponseFormat } = load('openai/helpers/zod');
    const schema = z.object({ unit: z.enum(['celsius', 'kelvin']), days: z.number().int().min(1).max(7) });
    const answer = await openai.chat.completions.parse(chat({ response_format: zodResponseFormat(schema, 'weather'), max_tokens: 150 }));
    assert.ok(isWeather(answer.choices[0].message.parsed));
    observe('refusal', answer.choices[0].message.refusal ?? null);
  });

  add('json: a schema that nothing can follow is refused', async ({ openai, observe }) => {
    const error = await rejection(openai.chat.completions.create(chat({ response_format: format({ type: 'object', properties: { a: { type: 'mystery' } }, required: ['a'] }) })));
    observe('class', error.constructor.name);
    observe('status', error.status);
    observe('param', error.param);
  });

  add('json: an unknown kind of format is refused', async ({ openai, observe }) => {
    const error = await rejection(openai.chat.completions.create(chat({ response_format: { type: 'yaml' } })));
    observe('status', error.status);
    observe('param', error.param);
  });
}
