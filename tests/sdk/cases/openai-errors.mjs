// SPDX-License-Identifier: Apache-2.0
// The openai SDK: what is refused, and how an SDK sees it.

import assert from 'node:assert/strict';
import { rejection } from '../lib/case.mjs';
import { load } from '../lib/modules.mjs';
import { chat, user } from '../lib/asks.mjs';

const REFUSED = {
  'an unknown member': { frobnicate: 1 },
  'no messages': { messages: [] },
  'messages left out': { messages: undefined },
  'an unknown role': { messages: [{ role: 'clown', content: 'x' }] },
  'a temperature that is a text': { temperature: 'hot' },
  'a temperature out of range': { temperature: 9 },
  'top_p out of range': { top_p: 2 },
  'n of zero': { n: 0 },
  'max_tokens of zero': { max_tokens: 0 },
  'a negative max_tokens': { max_tokens: -5 },
  'top_logprobs without logprobs': { top_logprobs: 2 },
  'too many top_logprobs': { logprobs: true, top_logprobs: 1000 },
  'a logit_bias for no token': { logit_bias: { 99999999: 1 } },
  'tool_choice without tools': { tool_choice: 'required' },
  'an image, which the model does not read': { messages: user([{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }]) },
  'an image to be fetched': { messages: user([{ type: 'image_url', image_url: { url: 'http://127.0.0.1:9/a.png' } }]) },
  'a prompt that is too long': { messages: user('and then '.repeat(400)) },
  'web search': { web_search_options: {} },
  'answers that are to be stored': { store: true },
};

export default function cases(add) {
  for (const [what, more] of Object.entries(REFUSED)) {
    add(`refused: ${what}`, async ({ openai, observe }) => {
      const error = await rejection(openai.chat.completions.create(chat(more)));
      assert.ok(error instanceof load('openai').APIError);
      observe('status', error.status);
      observe('class', error.constructor.name);
      observe('type', error.type);
      observe('param', error.param);
      observe('code', error.code);
    });
  }

  add('refused: a streamed request, before it streams', async ({ openai, observe }) => {
    const error = await rejection(openai.chat.completions.create(chat({ stream: true, messages: user('and then '.repeat(400)) })));
    observe('status', error.status);
    observe('type', error.type);
  });

  add('refused: a wrong key', async ({ origin, fetch, observe }) => {
    const { OpenAI } = load('openai');
    const error = await rejection(new OpenAI({ apiKey: 'wrong-key-0123456789', baseURL: `${origin}/v1`, maxRetries: 0, fetch }).chat.completions.create(chat()));
    assert.ok(error instanceof OpenAI.AuthenticationError);
    observe('status', error.status);
    observe('type', error.type);
    observe('code', error.code);
  });

  add('refused: a body that is not JSON', async ({ origin, token, observe }) => {
    const answer = await fetch(`${origin}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: '{"messages":' });
    const { error } = await answer.json();
    observe('status', answer.status);
    observe('type', error.type);
  });

  add('refused: a member twice', async ({ origin, token, observe }) => {
    const answer = await fetch(`${origin}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"messages":[{"role":"user","content":"a"}],"max_tokens":2,"max_tokens":3}' });
    await answer.json();
    observe('status', answer.status);
  });

  add('refused: a path that is none', async ({ openai, observe }) => {
    const error = await rejection(openai.files.list());
    assert.ok(error instanceof load('openai').NotFoundError);
    observe('status', error.status);
    observe('type', error.type);
    observe('code', error.code);
  });

  add('refused: a method that is none', async ({ openai, observe }) => {
    const error = await rejection(openai.get('/chat/completions'));
    observe('status', error.status);
  });

  add('refused, and the next one is answered', async ({ openai, observe }) => {
    await rejection(openai.chat.completions.create(chat({ temperature: 'hot' })));
    const answer = await openai.chat.completions.create(chat());
    observe('text', answer.choices[0].message.content);
  });
}
