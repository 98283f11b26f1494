/** A visitor of a web chat, whatever its screens look like: the public routes and the live protocol, from within a browser. */

import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';

import { SOON } from './people.ts';

interface Chat {
  token: string;
  messages: { conversation: string; seq: number; from: string; text: string }[];
  ended: boolean;
  typing: number;
  socket: WebSocket;
}

export class Visitor {
  private constructor(readonly page: Page) {}

  static async at(browser: Browser, origin: string, channel: string): Promise<Visitor> {
    const page = await browser.newPage();
    await page.goto(`${origin}/healthz`);
    await page.evaluate(async (id) => {
      const answer = await fetch(`/widget/v1/${id}/session`, { method: 'POST', headers: { 'idempotency-key': crypto.randomUUID(), 'content-type': 'application/json' }, body: '{}' });
      const { token } = (await answer.json()) as { token: string };
      const socket = new WebSocket(`ws://${location.host}/widget/ws`);
      const chat: Chat = { token, messages: [], ended: false, typing: 0, socket };
      Object.assign(window, { chat });
      socket.onopen = () => {
        socket.send(JSON.stringify({ kind: 'sign_in', token }));
        socket.send(JSON.stringify({ kind: 'subscribe', topic: 'chat' }));
      };
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(String(data)) as { kind: string; data: { messages: Chat['messages']; ended: boolean } };
        if (frame.kind === 'chat_typing') chat.typing += 1;
        if (frame.kind !== 'chat') return;
        for (const message of frame.data.messages) {
          if (chat.messages.some(({ conversation, seq }) => conversation === message.conversation && seq === message.seq)) continue;
          chat.messages.push(message);
          // What is shown has been seen.
          socket.send(JSON.stringify({ kind: 'seen', conversation: message.conversation, seq: message.seq }));
        }
        chat.ended = frame.data.ended;
      };
      await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
    }, channel);
    return new Visitor(page);
  }

  async writes(text: string): Promise<void> {
    const status = await this.page.evaluate(async (said) => {
      const { chat } = window as unknown as { chat: Chat };
      const headers = { authorization: `Bearer ${chat.token}`, 'idempotency-key': crypto.randomUUID(), 'content-type': 'application/json' };
      return (await fetch('/widget/v1/messages', { method: 'POST', headers, body: JSON.stringify({ text: said }) })).status;
    }, text);
    expect(status).toBe(200);
  }

  async sees(text: string): Promise<void> {
    const seen = () => this.page.evaluate(() => (window as unknown as { chat: Chat }).chat.messages.map((message) => message.text));
    await expect.poll(seen, { ...SOON, interval: 50 }).toContain(text);
  }
}
