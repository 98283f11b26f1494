import { describe, expect, it } from 'vitest';

import { Api, isSignedOut, isTemporary, ProblemError, Unreachable, type ApiOptions } from './api.ts';

interface Call {
  readonly path: string;
  readonly init: RequestInit;
  readonly headers: Record<string, string>;
}

function api(answer: () => Response | Promise<Response>, options: ApiOptions = {}): { api: Api; calls: Call[] } {
  const calls: Call[] = [];
  const fake = (path: unknown, init: RequestInit = {}) => {
    calls.push({ path: String(path), init, headers: init.headers as Record<string, string> });
    return Promise.resolve().then(answer);
  };
  return { api: new Api({ fetch: fake as typeof fetch, ...options }), calls };
}

const problem = (status: number, code: string, more: object = {}, headers: Record<string, string> = {}) => {
  const body = { type: `urn:centralita:problem:${code}`, title: '', status, code, detail: 'in short', ...more };
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json', ...headers } });
};

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
}

describe('writes', () => {
  it('carry a key of their own, or the one they are given', async () => {
    const { api: client, calls } = api(() => new Response('{}'));
    await client.write('POST', '/x', { a: 1 });
    await client.write('POST', '/x', { a: 1 });
    await client.write('POST', '/x', { a: 1 }, { key: 'mine' });
    const keys = calls.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe('mine');
    expect(keys[0]).toMatch(/^[\x21-\x7e]{1,200}$/);
    expect(calls[0]?.init.body).toBe('{"a":1}');
    expect(calls[0]?.headers['content-type']).toBe('application/json');
  });

  it('without a body have none', async () => {
    const { api: client, calls } = api(() => new Response(null, { status: 204 }));
    expect(await client.write('DELETE', '/x')).toBeUndefined();
    expect(calls[0]?.init.body).toBeUndefined();
    expect(calls[0]?.headers['content-type']).toBeUndefined();
  });
});

describe('reads', () => {
  it('have a query without what is not known, no key, no cache', async () => {
    const { api: client, calls } = api(() => new Response('{"items":[]}'));
    expect(await client.get('/x', { before: undefined, limit: 50 })).toEqual({ items: [] });
    expect(calls[0]?.path).toBe('/x?limit=50');
    expect(calls[0]?.headers['idempotency-key']).toBeUndefined();
    expect(calls[0]?.init.cache).toBe('no-store');
    expect(calls[0]?.init.credentials).toBe('same-origin');
  });
});

it('a token goes into the header, never into the address', async () => {
  const { api: client, calls } = api(() => new Response('{}'), { token: () => 'secret' });
  await client.get('/x');
  expect(calls[0]?.headers['authorization']).toBe('Bearer secret');
  expect(calls[0]?.path).not.toContain('secret');
});

describe('problems', () => {
  it('come with their code, fields and when to come back', async () => {
    const errors = [{ field: 'login', code: 'too_short', detail: '' }];
    const { api: client } = api(() => problem(422, 'invalid', { errors }));
    const error = await failure(client.get('/x'));
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ code: 'invalid', status: 422, fields: errors, retryAfterMs: null, message: 'in short' });
    expect(isTemporary(error)).toBe(false);

    const busy = await failure(api(() => problem(429, 'busy', {}, { 'retry-after': '2' })).api.get('/x'));
    expect(busy).toMatchObject({ retryAfterMs: 2000 });
    expect(isTemporary(busy)).toBe(true);
  });

  it('of a proxy that answers with a page have a code too', async () => {
    for (const [status, code] of [[401, 'signed_out_session'], [404, 'not_found'], [413, 'too_large'], [502, 'unavailable'], [500, 'internal'], [400, 'invalid']] as const) {
      const error = await failure(api(() => new Response('<html>', { status })).api.get('/x'));
      expect(error).toMatchObject({ code, status });
    }
  });

  it('say once that the session is over, and do not mistake a wrong password for it', async () => {
    let told = 0;
    const options = { onSignedOut: () => (told += 1) };
    await failure(api(() => problem(401, 'wrong_credentials'), options).api.write('POST', '/api/v1/session', {}));
    expect(told).toBe(0);
    const error = await failure(api(() => problem(401, 'signed_out_session'), options).api.get('/x'));
    expect(told).toBe(1);
    expect(isSignedOut(error)).toBe(true);
  });
});

describe('no answer', () => {
  it('is told apart from a refusal', async () => {
    for (const answer of [() => Promise.reject(new TypeError('fetch failed')), () => new Response('{"a":')]) {
      const error = await failure(api(answer).api.get('/x'));
      expect(error).toBeInstanceOf(Unreachable);
      expect(isTemporary(error)).toBe(true);
    }
  });

  it('is also one that takes too long', async () => {
    const slow = (_: unknown, init?: RequestInit) =>
      new Promise<Response>((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('timeout'))));
    const client = new Api({ fetch: slow as typeof fetch, timeoutMs: 5 });
    expect(await failure(client.get('/x'))).toBeInstanceOf(Unreachable);
  });
});
