/** Requests of a visitor: JSON in and out, what went wrong as one small object. */

import type { ErrorCode, FieldError } from '@centralita/lib/wire';

export interface Wrong {
  /** 0 = no answer: nobody knows whether it was done. */
  readonly status: number;
  readonly code?: ErrorCode;
  readonly errors?: readonly FieldError[];
  /** When to come back. */
  readonly wait: number;
}

/** Another try of the same request may well succeed. */
export const isTemporary = ({ status }: Wrong): boolean => status === 0 || status === 429 || status >= 500;

export async function ask<T>(method: string, path: string, token: string | null, body?: unknown, key?: string): Promise<T> {
  const wrong = (status: number, rest: Partial<Wrong> = {}): Wrong => ({ wait: 0, ...rest, status });
  const raw = body instanceof Blob;
  const answer = await fetch(`/widget/v1/${path}`, {
    method,
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.timeout(raw ? 300_000 : 15_000),
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(key && { 'idempotency-key': key }), ...(!raw && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: raw ? body : JSON.stringify(body) }),
  }).catch(() => {
    throw wrong(0);
  });
  const is = answer.headers.get('content-type') ?? '';
  if (answer.ok && answer.status !== 204 && !is.includes('json')) return (await answer.blob()) as T;
  // A proxy on the way may answer with a page of its own.
  const found = await answer.json().catch(() => null);
  if (answer.ok && (found || answer.status === 204)) return found as T;
  throw wrong(answer.ok ? 0 : answer.status, { ...found, wait: Number(answer.headers.get('retry-after') ?? 0) * 1000 });
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
