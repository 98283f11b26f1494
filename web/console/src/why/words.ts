/** What the Router says of a choice, in words. */

import type { Candidate, Choice, Measure, Offered, Present, WhyStep } from '@centralita/lib/wire';

import { now } from '../app/now.ts';
import { agentName, campaignName } from '../app/people.ts';
import { me } from '../app/session.ts';
import { number, t, tIn, texts } from '../app/texts.ts';

const moment = (at: string) => texts().moment(at, now.value);

/** What somebody was compared by, as short as it can be said. */
export function valueText(measure: Measure): string {
  switch (measure.by) {
    case 'chance': return t('why.value_chance');
    case 'ended': return measure.at === null ? t('why.value_never') : t('why.value_ended', { at: moment(measure.at) });
    case 'completed': return t('why.value_completed', { count: measure.count });
    case 'position': return t('why.value_position', { position: number(measure.position) });
    case 'idle': return measure.busy ? t('why.value_busy') : measure.since === null ? t('why.value_idle') : t('why.value_idle_since', { at: moment(measure.since) });
    case 'skill': return t('why.value_skill', { proficiency: number(measure.proficiency) });
    case 'load': return t('why.value_load', { used: number(measure.used), limit: number(measure.limit) });
    case 'spare': return t('why.value_spare', { units: number(measure.units) });
  }
}

/** Whether the two were equal, and then whether the last offer told them apart. */
function tieOf({ measure, runner_up: next }: Choice): 'none' | 'offer' | 'even' {
  if (!next || measure.by === 'position') return 'none';
  const plain = (one: Measure) => JSON.stringify('offered_at' in one ? { ...one, offered_at: null } : one);
  if (plain(measure) !== plain(next.measure)) return 'none';
  return JSON.stringify(measure) === JSON.stringify(next.measure) ? 'even' : 'offer';
}

/** Why the winner won. */
function reasonText(choice: Choice): string {
  const { measure, drawn, order } = choice;
  if (choice.preferred) return t('why.preferred');
  if (choice.among === 1 && choice.eligible === 1) return t('why.only_one');
  if (choice.among === 1) return t('why.lowest_penalty', { penalty: choice.penalty });
  if (drawn) return t('why.drawn', { place: number(drawn.place), of: number(drawn.of) });
  const value = valueText(measure);
  const why = order === 'rrmemory' || order === 'rrordered' ? 'turn' : measure.by;
  const tie = tieOf(choice);
  if (tie !== 'none') return tie === 'offer' ? t('why.because_tie', { value }) : t('why.because_even', { value });
  return t('why.because', { reason: tIn('because', why), value });
}

/** Agents know their supervisors by what they do. */
function supervisorName(user: string | null): string {
  const name = user === null ? t('author.other') : agentName(user);
  return name === t('author.other') ? t('why.supervision') : name;
}

/** One sentence: who, why, who would have been next. */
export function decisionText(offered: Offered): string {
  const mine = offered.agent === me.value;
  const name = agentName(offered.agent);
  if (offered.how === 'taken') return mine ? t('why.taken_me') : t('why.taken', { name });
  if (offered.how === 'assigned') {
    const by = supervisorName(offered.by);
    return mine ? t('why.assigned_me', { by }) : t('why.assigned', { by, name });
  }
  if (offered.how === 'transferred') {
    const by = offered.by === null ? t('author.other') : agentName(offered.by);
    return mine ? t('why.transferred_me', { by }) : t('why.transferred', { by, name });
  }
  if (!offered.choice) return mine ? t('why.unrecorded_me') : t('why.unrecorded', { name });
  const reason = reasonText(offered.choice);
  const next = offered.choice.runner_up;
  const tail = !next ? '' : ` ${next.agent === null ? t('why.next_value', { value: valueText(next.measure) }) : t('why.next', { name: agentName(next.agent), value: valueText(next.measure) })}`;
  return (mine ? t('why.sentence_me', { reason }) : t('why.sentence', { name, reason })) + tail;
}

/** What a supervisor did with it while it waited. */
export function stepText({ by: who, what }: WhyStep): string {
  const by = supervisorName(who);
  if (what.is === 'prioritised') return t('why.step_prioritised', { by, priority: t(`priority.${what.priority}`) });
  return t('why.step_moved', { by, from: what.from === null ? t('campaign.other') : campaignName(what.from), to: campaignName(what.to) });
}

/** How many there were, and by which rules. */
export function factsText({ eligible, among, again, ring }: Choice): string {
  const facts = [t('why.counted', { eligible, among })];
  if (ring > 0) facts.push(t('why.ring', { ring }));
  if (again) facts.push(t('why.again'));
  return facts.join(' ');
}
export function rulesText(choice: Choice, campaign: string | null): string {
  const rules = `${t(`mode.${choice.mode}`)} · ${t(`order.${choice.order}`)}`;
  const revision = t('why.revision', { revision: number(choice.revision) });
  return campaign === null ? `${rules} · ${revision}` : `${campaignName(campaign)}: ${rules} · ${revision}`;
}

export function placeText({ place, campaign }: Present): string {
  if (place.is === 'offered') return place.agent === me.value ? t('why.offered_me') : t('why.offered', { name: agentName(place.agent) });
  const values = { campaign: campaignName(campaign), of: number(place.of) };
  return place.position === null ? t('why.waiting_far', values) : t('why.waiting', { ...values, position: number(place.position) });
}

export function nobodyText({ nobody }: Present): string | null {
  if (!nobody) return null;
  if (nobody.is === 'closed' && nobody.until !== null) return t('nobody.closed_until', { at: moment(nobody.until) });
  return tIn('nobody', nobody.is);
}

/** The numbers behind the reason of one member; nothing when the reason says it all. */
export function detailText({ reason, measure, penalty }: Candidate): string {
  switch (reason.is) {
    case 'busy': return t('why.detail_busy', { count: reason.interactions });
    case 'max_of_kind': return t('why.detail_kind', { most: number(reason.most) });
    case 'max_per_agent': return t('why.detail_most', { holding: number(reason.holding), most: number(reason.most) });
    case 'capacity': return t('why.detail_capacity', { used: number(reason.used + reason.call), limit: number(reason.limit), needed: number(reason.needed) });
    case 'delay': return t('why.detail_delay', { at: moment(reason.until) });
    case 'higher_penalty': return t('why.detail_penalty', { penalty: penalty ?? 0, value: measure ? valueText(measure) : '' });
    default: return measure ? valueText(measure) : '';
  }
}
