// SPDX-License-Identifier: LGPL-2.1-or-later
// What the server remembers, what it counted, and the switches of /control.
import { randomUUID } from 'node:crypto';

const COUNTERS = ['authorize', 'token', 'code_exchanges', 'refreshes', 'reuse', 'api',
  'revocations', 'discovery', 'par', 'device', 'polls', 'proofs', 'nonces'];

export class Memory {
  entries = new Map();

  switches = {
    lifetime: 3600,
    rotation: true,
    deny: false,
    auto_allow: false,
    delay: 0,
    account: 'ada', // who sits at the browser
  };

  failures = new Map();

  apiNonce = randomUUID();

  constructor() {
    this.reset();
  }

  reset() {
    this.counters = Object.fromEntries(COUNTERS.map((name) => [name, 0]));
  }

  count(name) {
    this.counters[name] += 1;
  }

  report() {
    const alive = this.all('RefreshToken').filter(([, payload]) => !payload.consumed);
    return { ...this.counters, grants: alive.length };
  }

  all(model) {
    return [...this.entries].filter(([key]) => key.startsWith(`${model}:`));
  }

  remove(...models) {
    for (const model of models) this.all(model).forEach(([key]) => this.entries.delete(key));
  }

  /** The answer an endpoint was told to give instead of its own, or null. */
  takeFailure(endpoint) {
    const failure = this.failures.get(endpoint);
    if (failure === undefined || failure.count === 0) return null;
    if (failure.count !== undefined) failure.count -= 1;
    return failure;
  }

  /** Does what stands in the body of a POST to /control. */
  control(wishes) {
    const actions = {
      fail: (failure) => this.failures.set(failure.endpoint, { ...failure }),
      expire_access_tokens: () => this.remove('AccessToken'),
      revoke_grants: () => this.remove('RefreshToken', 'Grant'),
      reset_counters: () => this.reset(),
      new_api_nonce: () => { this.apiNonce = randomUUID(); },
    };
    for (const name of Object.keys(wishes)) {
      if (!(name in actions) && !(name in this.switches)) throw new Error(`unknown key ${name}`);
    }
    for (const [name, value] of Object.entries(wishes)) {
      if (name in this.switches) this.switches[name] = value;
      else if (value) actions[name](value);
    }
  }
}

/** The storage class that oidc-provider asks for, over the one memory. */
export function adapterOver(memory) {
  const { entries } = memory;

  return class {
    constructor(model) {
      this.model = model;
    }

    key(id) {
      return `${this.model}:${id}`;
    }

    search(name, value) {
      return memory.all(this.model).map(([, payload]) => payload)
        .find((payload) => payload[name] === value);
    }

    async upsert(id, payload) {
      entries.set(this.key(id), payload);
    }

    async find(id) {
      return entries.get(this.key(id));
    }

    async findByUid(uid) {
      return this.search('uid', uid);
    }

    async findByUserCode(userCode) {
      return this.search('userCode', userCode);
    }

    async consume(id) {
      entries.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
    }

    async destroy(id) {
      entries.delete(this.key(id));
    }

    async revokeByGrantId(grantId) {
      for (const [key, payload] of memory.all(this.model)) {
        if (payload.grantId === grantId) entries.delete(key);
      }
    }
  };
}
