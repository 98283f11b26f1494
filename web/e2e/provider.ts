/** A provider that people sign in at: a page with two ways on, and tokens for whoever comes back with its code. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Provider {
  readonly origin: string;
  /** What it gives. */
  token: string;
  /** Forgets everybody who signed in. */
  revoke: () => void;
  close: () => void;
}

export async function provider(token: string): Promise<Provider> {
  let revoked = false;
  const given: { token: string } = { token };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/authorize') {
      const back = (pairs: Record<string, string>) => `${url.searchParams.get('redirect_uri')}?${new URLSearchParams({ ...pairs, state: url.searchParams.get('state') ?? '' })}`;
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(`<h1>Ejemplo</h1><p>${url.searchParams.get('login_hint')}</p><p><a href="${back({ code: 'un-codigo' })}">Permitir</a></p><p><a href="${back({ error: 'access_denied' })}">Cancelar</a></p>`);
      return;
    }
    let body = '';
    request.on('data', (part) => (body += String(part)));
    request.on('end', () => {
      const fresh = new URLSearchParams(body).get('grant_type') === 'authorization_code';
      if (fresh) revoked = false;
      response.statusCode = revoked ? 400 : 200;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(revoked ? { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' } : { access_token: given.token, token_type: 'Bearer', expires_in: 2, refresh_token: 'duradero' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(given, { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, revoke: () => (revoked = true), close: () => server.close() });
}
