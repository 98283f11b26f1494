/** Delivery states only move forward; observations may arrive in any order. */

import type { Delivery } from './wire/wire.ts';

/** Where each state can come to, in any number of steps. */
const REACHES: Readonly<Record<Delivery, readonly Delivery[]>> = {
  scheduled: ['queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'rejected', 'complained', 'cancelled', 'suppressed'],
  queued: ['sending', 'sent', 'delivered', 'read', 'failed', 'rejected', 'complained', 'cancelled', 'suppressed'],
  sending: ['sent', 'delivered', 'read', 'failed', 'rejected', 'complained'],
  sent: ['delivered', 'read', 'rejected', 'complained'],
  delivered: ['read', 'rejected', 'complained'],
  read: ['complained'],
  failed: [],
  rejected: ['complained'],
  complained: [],
  cancelled: [],
  suppressed: [],
};

/** Why a delivery begins anew: somebody sent the failed message again. */
export const RETRIED = 'retried';

/** Whether this news changes what is known. */
export function isNews(state: Delivery, { to, reason }: { readonly to: Delivery; readonly reason?: string }): boolean {
  const again = to === 'queued' && reason === RETRIED && (state === 'failed' || state === 'rejected');
  return again || isFurther(state, to);
}

/** Whether `next` lies behind `state` on some path. */
export function isFurther(state: Delivery, next: Delivery): boolean {
  return REACHES[state].includes(next);
}
