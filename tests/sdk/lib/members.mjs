// SPDX-License-Identifier: Apache-2.0
// What members the JSON documents of a server have, gathered from everything that the SDKs receive in a run: one set for each kind of document.

// Below these the keys are data, not members of the API.
const DATA = [/\.parameters$/, /\.schema$/, /\.metadata$/, /\.top_logprobs\[\]$/, /\.input_schema$/];
const OPAQUE_TOP_LOGPROBS = /text_completion/;

function walk(value, path, kind, add) {
  if (Array.isArray(value)) {
    add(path, 'array');
    for (const item of value) walk(item, `${path}[]`, kind, add);
  } else if (value !== null && typeof value === 'object') {
    if (path !== '') add(path, 'object');
    const last = DATA[3];
    if (DATA.some((pattern) => pattern.test(`.${path}`) && (pattern !== last || OPAQUE_TOP_LOGPROBS.test(kind)))) return;
    for (const [name, member] of Object.entries(value)) walk(member, path === '' ? name : `${path}.${name}`, kind, add);
  } else {
    add(path, value === null ? 'null' : typeof value);
  }
}

const kindOf = (path, document) => {
  if (document.error && document.type === undefined && document.object === undefined) return `${path} error`;
  const type = typeof document.type === 'string' && document.object === undefined ? document.type : document.object;
  return `${path} ${type ?? 'document'}`;
};

export class Members {
  #kinds = new Map();

  add(path, document) {
    if (document === null || typeof document !== 'object') return;
    const kind = kindOf(path, document);
    if (!this.#kinds.has(kind)) this.#kinds.set(kind, new Map());
    const members = this.#kinds.get(kind);
    walk(document, '', kind, (member, type) => {
      if (!members.has(member)) members.set(member, new Set());
      members.get(member).add(type);
    });
  }

  /** kind -> member -> its types, such as "null|string". */
  kinds() {
    return new Map([...this.#kinds].map(([kind, members]) =>
      [kind, new Map([...members].map(([name, types]) => [name, [...types].sort().join('|')]))]));
  }
}

async function readAll(response, path, members) {
  const text = await response.text();
  const documents = (response.headers.get('content-type') ?? '').startsWith('text/event-stream')
    ? text.split('\n').filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]').map((line) => line.slice('data: '.length))
    : [text];
  for (const document of documents) {
    try {
      members.add(path, JSON.parse(document));
    } catch {
      // Not JSON: what the case makes of it is the case's business.
    }
  }
}

/** A `fetch` for an SDK that notes the members of what comes. */
export function notingFetch(members, pending) {
  return async (url, init) => {
    const response = await fetch(url, init);
    const path = new URL(typeof url === 'string' ? url : url.url).pathname.replace(/(\/v1\/models)\/.*/, '$1/NAME');
    pending.push(readAll(response.clone(), path, members).catch(() => {}));
    return response;
  };
}
