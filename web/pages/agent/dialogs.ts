import type { Texts } from '@centralita/lib/i18n';
import type { Close, Conversation, Profile, Transfer } from '@centralita/lib/wire';

import { askInDialog } from '../ui/dialog.ts';
import { h } from '../ui/dom.ts';
import { contactName } from '../ui/words.ts';
import type { Colleagues } from './colleagues.ts';

export function askTransfer(
  texts: Texts,
  profile: Profile,
  colleagues: Colleagues,
  conversation: Conversation,
  act: (to: Transfer) => Promise<unknown>,
  done: () => void,
): void {
  const campaign = profile.campaigns.find(({ id }) => id === conversation.campaign);
  const agents = campaign?.permissions.transfer_to_agents === false ? [] : colleagues.targets(conversation, profile);
  const campaigns = profile.campaigns.filter(({ id, client }) => client === conversation.client && id !== conversation.campaign);
  const group = (label: string, kind: keyof Transfer, targets: readonly { id: string; name: string }[]) =>
    targets.length > 0 &&
    h('optgroup', { label }, ...targets.map(({ id, name }) => h('option', { value: `${kind} ${id}` }, name)));
  const select = h(
    'select',
    { required: true },
    h('option', { value: '' }, texts.t('transfer.choose')),
    group(texts.t('transfer.agents'), 'agent', agents),
    group(texts.t('transfer.campaigns'), 'campaign', campaigns),
  );
  const possible = agents.length + campaigns.length > 0;
  askInDialog(texts, {
    title: texts.t('transfer.title', { name: contactName(texts, conversation) }),
    explanation: texts.t(possible ? 'transfer.explanation' : 'transfer.nobody'),
    fields: possible ? [h('label', {}, texts.t('transfer.to'), select)] : [],
    submit: texts.t('action.transfer'),
    canSubmit: possible,
    act: () => {
      const [kind, id] = select.value.split(' ') as [keyof Transfer, string];
      return act({ [kind]: id });
    },
    done,
  });
}

export function askClose(
  texts: Texts,
  profile: Profile,
  conversation: Conversation,
  act: (how: Close) => Promise<unknown>,
  done: () => void,
): void {
  const dispositions = profile.campaigns.find(({ id }) => id === conversation.campaign)?.dispositions ?? [];
  const select = h(
    'select',
    { required: true },
    h('option', { value: '' }, texts.t('close.choose')),
    ...dispositions.map(({ id, path }) => h('option', { value: id }, path.join(' › '))),
  );
  const needed = dispositions.length > 0;
  askInDialog(texts, {
    title: texts.t('close.title', { name: contactName(texts, conversation) }),
    explanation: texts.t('close.explanation'),
    fields: needed ? [h('label', {}, texts.t('close.disposition'), select)] : [],
    submit: texts.t(needed ? 'close.submit_disposition' : 'close.submit'),
    act: () => act(needed ? { disposition: select.value } : {}),
    done,
  });
}
