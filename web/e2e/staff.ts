/** Somebody of the staff without a browser: as programs ask, with the session of a person. */

interface Sample {
  readonly users: readonly { readonly login: string; readonly password: string }[];
}

export class Staff {
  private constructor(
    readonly origin: string,
    readonly cookie: string,
  ) {}

  static async signIn(origin: string, sample: Sample, login: string): Promise<Staff> {
    const password = sample.users.find((user) => user.login === login)?.password;
    const answer = await fetch(`${origin}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json', origin }, body: JSON.stringify({ login, password }) });
    return new Staff(origin, answer.headers.get('set-cookie')!.split(';')[0]!);
  }

  /** What was answered, whatever it is. */
  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const file = body instanceof Uint8Array;
    const type = file ? 'application/octet-stream' : 'application/json';
    const answer = await fetch(`${this.origin}/api/v1/${path}`, {
      method,
      headers: { cookie: this.cookie, origin: this.origin, ...(method === 'GET' ? {} : { 'idempotency-key': crypto.randomUUID() }), ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: file ? Buffer.from(body) : JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  }

  /** What must be answered well. */
  async does<T = { id: string }>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.ask(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text || 'null') as T;
  }

  async all<T>(path: string): Promise<readonly T[]> {
    return (await this.does<{ items: readonly T[] }>('GET', path)).items;
  }
}
