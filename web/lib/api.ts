/** The REST API: JSON in and out, problems as exceptions, writes that can be repeated safely. */

import { newKey } from './key.ts';
import type { ErrorCode, FieldError, Problem } from './wire/wire.ts';

/** The server refused, and said why. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly problem: Problem,
    /** When to come back, if the server said so. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(problem.detail);
  }

  get code(): ErrorCode {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  get fields(): readonly FieldError[] {
    return this.problem.errors ?? [];
  }
}

/** No answer: nobody knows whether the request was done. Repeat it with the same key. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** Another try of the same request may well succeed. */
export function isTemporary(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ProblemError && [429, 502, 503, 504].includes(error.status));
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 401 && error.code !== 'wrong_credentials';
}

export interface ApiOptions {
  fetch?: typeof fetch;
  /** Sent as bearer token; without it the browser's cookie speaks. */
  token?: () => string | null;
  /** The server no longer knows this session. */
  onSignedOut?: () => void;
  /** How long to wait for an answer. */
  timeoutMs?: number;
}

export interface WriteOptions {
  /** The same for every repetition of one request. */
  key?: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export class Api {
  readonly #fetch: typeof fetch;
  readonly #token: () => string | null;
  readonly #onSignedOut: () => void;
  readonly #timeoutMs: number;

  constructor(options: ApiOptions = {}) {
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#token = options.token ?? (() => null);
    this.#onSignedOut = options.onSignedOut ?? (() => {});
    this.#timeoutMs = options.timeoutMs ?? 15_000;
  }

  get<T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> {
    const known = Object.entries(query).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
    const search = new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString();
    return this.#request('GET', search ? `${path}?${search}` : path);
  }

  write<T>(method: Exclude<Method, 'GET'>, path: string, body?: unknown, options: WriteOptions = {}): Promise<T> {
    return this.#request(method, path, body, options.key ?? newKey());
  }

  async #request<T>(method: Method, path: string, body?: unknown, key?: string): Promise<T> {
    const headers: Record<string, string> = { accept: 'application/json' };
    const init: RequestInit = {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(this.#timeoutMs),
    };
    if (key !== undefined) headers['idempotency-key'] = key;
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    const token = this.#token();
    if (token !== null) headers['authorization'] = `Bearer ${token}`;

    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(path, init);
      text = await response.text();
    } catch (cause) {
      throw new Unreachable('no answer from the server', { cause });
    }
    if (response.ok) return parse(text) as T;
    const error = new ProblemError(problemOf(response.status, text), retryAfterMs(response));
    if (isSignedOut(error)) this.#onSignedOut();
    throw error;
  }
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Unreachable('the answer was cut short', { cause });
  }
}

/** A proxy on the way may answer with a page of its own: then the status alone must do. */
function problemOf(status: number, text: string): Problem {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string') {
      return { type: 'about:blank', title: '', detail: '', ...body, status } as Problem;
    }
  } catch {
    // Not JSON.
  }
  return { type: 'about:blank', title: '', detail: `HTTP ${status}`, status, code: codeOf(status) };
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return 'signed_out_session';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 413) return 'too_large';
  if (status === 429) return 'busy';
  if (status >= 502 && status <= 504) return 'unavailable';
  return status < 500 ? 'invalid' : 'internal';
}

function retryAfterMs(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
