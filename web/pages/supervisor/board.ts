/** The live board: campaigns, agents, what waits. */

import { clock, type Texts } from '@centralita/lib/i18n';
import type { BoardState } from '@centralita/lib/store';
import type { AgentRow, CampaignRow, WaitingRow } from '@centralita/lib/wire';

import { h, Keyed, setAttribute, setHidden, setText, whileBusy } from '../ui/dom.ts';
import { activityText, addressText } from '../ui/words.ts';

export interface BoardActions {
  pause: (agent: string) => Promise<void>;
  resume: (agent: string) => Promise<void>;
  signOut: (agent: AgentRow) => void;
  /** Shows the conversations of an agent. */
  look: (agent: AgentRow) => void;
  watch: (conversation: string) => void;
}

export interface BoardModel {
  readonly board: BoardState | null;
  readonly now: number;
  readonly canControl: boolean;
  readonly looked: string | null;
  readonly watched: string | null;
  readonly campaignName: (id: string) => string;
  readonly breakName: (id: string) => string | undefined;
}

type Cells = Readonly<Record<string, HTMLElement>>;
interface CampaignPart {
  readonly element: HTMLTableRowElement;
  readonly cells: Cells;
}
interface AgentPart {
  readonly element: HTMLTableRowElement;
  readonly name: HTMLButtonElement;
  readonly state: HTMLElement;
  readonly since: HTMLElement;
  readonly active: HTMLElement;
  readonly offered: HTMLElement;
  readonly toggle: HTMLButtonElement;
  readonly signOut: HTMLButtonElement;
  row: AgentRow;
}
interface WaitingPart {
  readonly element: HTMLTableRowElement;
  readonly button: HTMLButtonElement;
  readonly campaign: HTMLElement;
  readonly wait: HTMLElement;
}

export class BoardView {
  readonly element: HTMLElement;
  readonly #loading: HTMLElement;
  readonly #tables: HTMLElement;
  readonly #campaigns: Keyed<CampaignRow, CampaignPart>;
  readonly #agents: Keyed<AgentRow, AgentPart>;
  readonly #waiting: Keyed<WaitingRow, WaitingPart>;
  readonly #noAgents: HTMLElement;
  readonly #noWaiting: HTMLElement;
  #model: BoardModel | null = null;

  constructor(
    readonly texts: Texts,
    readonly actions: BoardActions,
  ) {
    const bodies = [h('tbody'), h('tbody'), h('tbody')] as const;
    const table = (caption: string, body: HTMLElement, heads: readonly string[], empty: HTMLElement | null) =>
      h(
        'section',
        { class: 'card' },
        h(
          'div',
          { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
          h(
            'table',
            {},
            h('caption', {}, caption),
            h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
            body,
          ),
        ),
        empty,
      );
    const t = texts.t.bind(texts);
    this.#noAgents = h('p', { class: 'quiet' }, t('board.no_agents'));
    this.#noWaiting = h('p', { class: 'quiet' }, t('board.no_waiting'));
    this.#loading = h('p', { class: 'quiet' }, t('board.loading'));
    this.#tables = h(
      'div',
      { class: 'tables' },
      table(t('board.campaigns'), bodies[0], [t('board.campaign'), t('board.schedule'), t('board.waiting_count'), t('board.oldest'), t('board.active')], null),
      table(t('board.agents'), bodies[1], [t('board.agent'), t('board.state'), t('board.since'), t('board.active'), t('board.offered'), t('board.actions')], this.#noAgents),
      table(t('board.waiting'), bodies[2], [t('board.contact'), t('board.campaign'), t('board.waits')], this.#noWaiting),
    );
    this.element = h('main', { class: 'board' }, h('h1', { class: 'unseen' }, t('supervisor.title')), this.#loading, this.#tables);
    this.#campaigns = new Keyed<CampaignRow, CampaignPart>(bodies[0], ({ campaign }) => campaign, () => createCampaign(), (part, row) => this.#updateCampaign(part, row));
    this.#agents = new Keyed<AgentRow, AgentPart>(bodies[1], ({ agent }) => agent, (row) => this.#createAgent(row), (part, row) => this.#updateAgent(part, row));
    this.#waiting = new Keyed<WaitingRow, WaitingPart>(bodies[2], ({ conversation }) => conversation, (row) => this.#createWaiting(row), (part, row) => this.#updateWaiting(part, row));
  }

  show(model: BoardModel): void {
    this.#model = model;
    const { board } = model;
    setHidden(this.#loading, board !== null);
    setHidden(this.#tables, board === null);
    if (!board) return;
    this.#campaigns.show(board.campaigns);
    this.#agents.show(board.agents);
    this.#waiting.show(board.waiting);
    setHidden(this.#noAgents, board.agents.length > 0);
    setHidden(this.#noWaiting, board.waiting.length > 0);
  }

  #updateCampaign({ cells }: CampaignPart, row: CampaignRow): void {
    const { texts } = this;
    const now = this.#model?.now ?? 0;
    for (const [name, text] of Object.entries({
      name: row.name,
      open: texts.t(row.open ? 'campaign.open' : 'campaign.closed'),
      waiting: String(row.waiting),
      oldest: row.oldest === null ? '–' : clock(now - Date.parse(row.oldest)),
      active: String(row.active),
    })) {
      const cell = cells[name];
      if (cell) setText(cell, text);
    }
  }

  #createAgent(row: AgentRow): AgentPart {
    const name = h('button', { type: 'button', class: 'link', onclick: () => this.actions.look(part.row) });
    const [state, since, active, offered] = [h('span', { class: 'activity' }), h('td', { class: 'number' }), h('td', { class: 'number' }), h('td', { class: 'number' })];
    const toggle = h('button', { type: 'button' });
    const pauseOrResume = () => this.actions[part.row.activity.is === 'forced_pause' ? 'resume' : 'pause'](part.row.agent);
    toggle.addEventListener('click', whileBusy([toggle], pauseOrResume));
    const signOut = h('button', { type: 'button', onclick: () => this.actions.signOut(part.row) }, this.texts.t('board.sign_out'), h('span', { class: 'unseen' }, ` ${row.name}`));
    const element = h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      h('td', {}, state),
      since,
      active,
      offered,
      h('td', {}, h('div', { class: 'buttons' }, toggle, signOut)),
    );
    const part: AgentPart = { element, name, state, since, active, offered, toggle, signOut, row };
    return part;
  }

  #updateAgent(part: AgentPart, row: AgentRow): void {
    part.row = row;
    const { texts } = this;
    const model = this.#model;
    if (!model) return;
    setText(part.name, row.name);
    setAttribute(part.name, 'aria-current', model.looked === row.agent ? 'true' : null);
    const words = activityText(texts, row.activity, model.breakName);
    setText(part.state, row.connected ? words : `${words} · ${texts.t('board.not_connected')}`);
    setAttribute(part.state, 'data-activity', row.activity.is);
    setText(part.since, clock(model.now - Date.parse(row.since)));
    setText(part.active, String(row.active));
    setText(part.offered, String(row.offered));
    const paused = row.activity.is === 'forced_pause';
    const label = `${texts.t(paused ? 'board.resume' : 'board.pause')} ${row.name}`;
    setText(part.toggle, texts.t(paused ? 'board.resume' : 'board.pause'));
    setAttribute(part.toggle, 'aria-label', label);
    const hidden = !model.canControl || row.activity.is === 'signed_out';
    setHidden(part.toggle, hidden);
    setHidden(part.signOut, hidden);
  }

  #createWaiting({ conversation }: WaitingRow): WaitingPart {
    const button = h('button', { type: 'button', class: 'link', onclick: () => this.actions.watch(conversation) });
    const [campaign, wait] = [h('td'), h('td', { class: 'number' })];
    return { element: h('tr', {}, h('th', { scope: 'row' }, button), campaign, wait), button, campaign, wait };
  }

  #updateWaiting(part: WaitingPart, row: WaitingRow): void {
    const model = this.#model;
    if (!model) return;
    setText(part.button, addressText(this.texts, row.address) || this.texts.t('contact.unknown'));
    setAttribute(part.button, 'aria-current', model.watched === row.conversation ? 'true' : null);
    setText(part.campaign, model.campaignName(row.campaign));
    setText(part.wait, clock(model.now - Date.parse(row.arrived_at)));
  }
}

function createCampaign(): CampaignPart {
  const cells = {
    name: h('th', { scope: 'row' }),
    open: h('td'),
    waiting: h('td', { class: 'number' }),
    oldest: h('td', { class: 'number' }),
    active: h('td', { class: 'number' }),
  };
  return { element: h('tr', {}, ...Object.values(cells)), cells };
}
