/** States of agents: shape, colour and word. */

import type { Activity } from '@centralita/lib/wire';

import { breakName } from '../app/people.ts';
import { t } from '../app/texts.ts';

type Tone = 'free' | 'busy' | 'break' | 'off' | 'breach';
type Shape = 'disc' | 'half' | 'cup' | 'ring' | 'alert' | 'hand';

/** Free and busy are one state for the server; the number of conversations tells them apart for people. */
export function looksOf(activity: Activity, active: number): { tone: Tone; shape: Shape; text: string } {
  switch (activity.is) {
    case 'available':
      return active > 0 ? { tone: 'busy', shape: 'half', text: t('activity.busy') } : { tone: 'free', shape: 'disc', text: t('activity.free') };
    case 'on_break':
      return { tone: 'break', shape: 'cup', text: breakName(activity.kind) };
    case 'forced_pause':
      return { tone: 'break', shape: 'hand', text: t('activity.forced_pause') };
    case 'not_responding':
      return { tone: 'breach', shape: 'alert', text: t('activity.not_responding') };
    case 'signed_out':
      return { tone: 'off', shape: 'ring', text: t('activity.signed_out') };
  }
}
