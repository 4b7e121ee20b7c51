// SPDX-License-Identifier: Apache-2.0
// The Vercel ai package, with its clients of OpenAI-compatible servers and of OpenAI.

import assert from 'node:assert/strict';
import { all } from '../lib/case.mjs';
import { load } from '../lib/modules.mjs';
import { BEGINNING, CALLING, WEATHER, isWeather } from '../lib/asks.mjs';

const quiet = () => {};
const short = { prompt: BEGINNING, temperature: 0, maxOutputTokens: 16, maxRetries: 0 };

function compatible({ origin, token, fetch }) {
  const { createOpenAICompatible } = load('@ai-sdk/openai-compatible');
  return createOpenAICompatible({ name: 'local', baseURL: `${origin}/v1`, apiKey: token, fetch, supportsStructuredOutputs: true, includeUsage: true });
}

function ofOpenAI({ origin, token, fetch }) {
  return load('@ai-sdk/openai').createOpenAI({ baseURL: `${origin}/v1`, apiKey: token, fetch });
}

export default function cases(add) {
  const { generateText, streamText, embed, tool, jsonSchema, Output } = load('ai');

  add('ai: generateText', async (t) => {
    const answer = await generateText({ ...short, model: compatible(t)('any') });
    t.observe('text', answer.text);
    t.observe('finishReason', answer.finishReason);
    t.observe('usage', [answer.usage.inputTokens, answer.usage.outputTokens]);
  });

  add('ai: streamText', async (t) => {
    const answer = streamText({ ...short, onError: quiet, model: compatible(t)('any') });
    const text = (await all(answer.textStream)).join('');
    t.observe('text', text);
    t.observe('finishReason', await answer.finishReason);
    const usage = await answer.usage;
    t.observe('usage', [usage.inputTokens, usage.outputTokens]);
  });

  add('ai: a tool is called and run', async (t) => {
    const given = [];
    const weather = tool({ description: 'The weather', inputSchema: jsonSchema(WEATHER), execute: async (input) => { given.push(input); return 'sunny'; } });
    const answer = await generateText({ ...short, maxOutputTokens: 110, model: compatible(t)('any'), tools: { weather }, toolChoice: 'required',
      providerOptions: { local: CALLING } });
    assert.ok(given.length >= 1 && isWeather(given[0]));
    assert.equal(answer.toolResults[0].output, 'sunny');
  });

  add('ai: structured output', async (t) => {
    const answer = await generateText({ ...short, maxOutputTokens: 150, model: compatible(t)('any'), output: Output.object({ schema: jsonSchema(WEATHER) }) });
    assert.ok(isWeather(answer.output));
    t.observe('finishReason', answer.finishReason);
  });

  add('ai: embed', async (t) => {
    const { embedding } = await embed({ model: compatible({ ...t, origin: t.embeddingsOrigin }).embeddingModel('any'), value: BEGINNING, maxRetries: 0 });
    t.observe('vector', embedding, { tolerance: 1e-3 });
  });

  add('ai: the client of OpenAI, chat', async (t) => {
    const answer = await generateText({ ...short, model: ofOpenAI(t).chat('any') });
    t.observe('text', answer.text);
  });

  add('ai: the client of OpenAI, responses', async (t) => {
    const answer = streamText({ ...short, onError: quiet, model: ofOpenAI(t)('any'), providerOptions: { openai: { store: false } } });
    const text = (await all(answer.textStream)).join('');
    t.observe('text', text);
    t.observe('finishReason', await answer.finishReason);
  });
}
