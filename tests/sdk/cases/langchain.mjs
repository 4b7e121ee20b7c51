// SPDX-License-Identifier: Apache-2.0
// LangChain.js with @langchain/openai.

import assert from 'node:assert/strict';
import { all, rejection } from '../lib/case.mjs';
import { load } from '../lib/modules.mjs';
import { BEGINNING, CALLING, WEATHER, isWeather, weatherTool } from '../lib/asks.mjs';

function chatModel({ origin, token, fetch }, more = {}) {
  const { ChatOpenAI } = load('@langchain/openai');
  return new ChatOpenAI({ model: 'any', apiKey: token, temperature: 0, maxTokens: 16, maxRetries: 0, configuration: { baseURL: `${origin}/v1`, fetch }, ...more });
}

export default function cases(add) {
  add('langchain: invoke', async (t) => {
    const answer = await chatModel(t).invoke(BEGINNING);
    t.observe('text', answer.content);
    t.observe('usage', [answer.usage_metadata.input_tokens, answer.usage_metadata.output_tokens]);
    t.observe('finish_reason', answer.response_metadata.finish_reason);
  });

  add('langchain: stream', async (t) => {
    const chunks = await all(await chatModel(t).stream(BEGINNING));
    assert.ok(chunks.length > 5);
    t.observe('text', chunks.map((chunk) => chunk.content).join(''));
    t.observe('usage', chunks.findLast((chunk) => chunk.usage_metadata)?.usage_metadata.output_tokens);
  });

  add('langchain: a tool is called', async (t) => {
    const model = chatModel(t, { maxTokens: 110, modelKwargs: CALLING }).bindTools([weatherTool], { tool_choice: 'required' });
    const answer = await model.invoke(BEGINNING);
    assert.equal(answer.tool_calls[0].name, 'weather');
    assert.ok(isWeather(answer.tool_calls[0].args));
    t.observe('arguments', answer.tool_calls[0].args);
  });

  add('langchain: structured output by a schema', async (t) => {
    const value = await chatModel(t, { maxTokens: 150 }).withStructuredOutput(WEATHER, { name: 'weather', method: 'jsonSchema' }).invoke(BEGINNING);
    assert.ok(isWeather(value));
  });

  add('langchain: structured output by a function', async (t) => {
    const value = await chatModel(t, { maxTokens: 110, modelKwargs: CALLING }).withStructuredOutput(WEATHER, { name: 'weather', method: 'functionCalling' }).invoke(BEGINNING);
    assert.ok(isWeather(value));
  });

  add('langchain: embeddings', async (t) => {
    const { OpenAIEmbeddings } = load('@langchain/openai');
    const model = new OpenAIEmbeddings({ model: 'any', apiKey: t.token, maxRetries: 0, configuration: { baseURL: `${t.embeddingsOrigin}/v1`, fetch: t.fetch } });
    const vectors = await model.embedDocuments([BEGINNING, 'The cat']);
    assert.equal(vectors.length, 2);
    t.observe('vector', [...vectors[0]], { tolerance: 1e-3 });
  });

  add('langchain: responses', async (t) => {
    const answer = await chatModel(t, { useResponsesApi: true }).invoke(BEGINNING);
    t.observe('text', answer.text);
  });

  add('langchain: a prompt that is too long is known as such', async (t) => {
    const error = await rejection(chatModel(t).invoke('and then '.repeat(400)));
    t.observe('status', error.status ?? error.cause?.status);
    t.observe('name', error.name);
  });
}
