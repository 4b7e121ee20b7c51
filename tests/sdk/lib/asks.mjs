// SPDX-License-Identifier: Apache-2.0
// What the cases ask for, again and again. The demo model writes children's stories and has 256 tokens, so prompts are short and what it says is never judged.

export const BEGINNING = 'Once upon a time';
export const user = (content) => [{ role: 'user', content }];
export const GREEDY = { temperature: 0, seed: 1 };

/** A short greedy chat. */
export const chat = (more = {}) => ({ model: 'any', messages: user(BEGINNING), max_tokens: 16, ...GREEDY, ...more });

// The sampler is the same on both sides when all of it is said: what is not said has other defaults in each.
export const SAMPLED = { temperature: 1, top_p: 1, top_k: 0, min_p: 0, repeat_penalty: 1 };

// template.jinja marks a call with "<>", one token. To prefer it makes the model call at once where it may write text first.
const CALL_MARK = 25299;
export const CALLING = { logit_bias: { [CALL_MARK]: 100 }, parallel_tool_calls: false };

export const WEATHER = {
  type: 'object',
  properties: { unit: { type: 'string', enum: ['celsius', 'kelvin'] }, days: { type: 'integer', minimum: 1, maximum: 7 } },
  required: ['unit', 'days'],
  additionalProperties: false,
};
export const weatherTool = { type: 'function', function: { name: 'weather', description: 'The weather', parameters: WEATHER } };
export const bellTool = {
  type: 'function',
  function: { name: 'ring', description: 'A bell', parameters: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'], additionalProperties: false } },
};

/** Whether a value is what WEATHER says. */
export const isWeather = (v) => Object.keys(v).sort().join() === 'days,unit' && ['celsius', 'kelvin'].includes(v.unit) &&
  Number.isInteger(v.days) && v.days >= 1 && v.days <= 7;
