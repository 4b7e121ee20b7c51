// SPDX-License-Identifier: Apache-2.0
// What a case gets: clients of one server, and where it notes what must be the same at every server.

import { subscribe } from 'node:diagnostics_channel';
import { load } from './modules.mjs';
import { Members, notingFetch } from './members.mjs';

const CASE_MS = 60_000;

/** Connections that Node's fetch has made so far. */
export const connections = { made: 0 };
subscribe('undici:client:connected', () => { connections.made++; });

/** A server that cases ask. embeddings: where its vectors are to be had, if elsewhere. */
export class Target {
  constructor({ name, origin, embeddings = origin, token, model }) {
    Object.assign(this, { name, origin, token, model });
    this.members = new Members();
    this.pending = [];
    this.fetch = notingFetch(this.members, this.pending);
    const { OpenAI } = load('openai');
    const { Anthropic } = load('@anthropic-ai/sdk');
    const common = { apiKey: token, maxRetries: 0, timeout: CASE_MS };
    this.openai = new OpenAI({ ...common, baseURL: `${origin}/v1`, fetch: this.fetch });
    this.embeddings = new OpenAI({ ...common, baseURL: `${embeddings}/v1`, fetch: this.fetch });
    this.embeddingsOrigin = embeddings;
    this.anthropic = new Anthropic({ ...common, baseURL: origin, fetch: this.fetch });
    // For answers that are left in the middle, which nobody may read on.
    this.plain = new OpenAI({ ...common, baseURL: `${origin}/v1` });
    this.plainAnthropic = new Anthropic({ ...common, baseURL: origin });
  }

  /** The members of all that came. */
  async kinds() {
    await Promise.all(this.pending);
    return this.members.kinds();
  }
}

/** Runs a case at a server: { seen, failed }, where failed is the reason in one line. */
export async function attempt(run, target) {
  const seen = new Map();
  const observe = (what, value, { tolerance = 0 } = {}) => {
    seen.set(what, { value, tolerance });
    return value;
  };
  let timer;
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${CASE_MS / 1000} s`)), CASE_MS);
  });
  try {
    await Promise.race([run({ ...target, observe, connections }), tooLate]);
    return { seen };
  } catch (error) {
    const reason = `${error?.message ?? error}`.split('\n').filter((line) => line.trim() !== '').slice(0, 2).join(' ');
    return { seen, failed: reason === '' ? `${error?.name}` : reason, stack: error?.stack };
  } finally {
    clearTimeout(timer);
  }
}

/** The error that a promise is to be rejected with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('answered instead of refused');
}

/** Everything an async iterable gives. */
export async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}
