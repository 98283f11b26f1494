/** The real server, with sample data, in a process that can be killed. */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Sample {
  readonly users: readonly { readonly login: string; readonly password: string; readonly role: string }[];
  readonly chat_channel: string;
  readonly api_channel: { readonly id: string; readonly secret: string };
}

const READY_WITHIN_MS = 30_000;

export class Server {
  readonly #binary: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'centralita-e2e-'));
  readonly #log = join(this.#folder, 'server.log');
  readonly #environment: NodeJS.ProcessEnv;
  #process: ChildProcess | null = null;

  private constructor(
    binary: string,
    readonly origin: string,
    settings: NodeJS.ProcessEnv,
  ) {
    this.#binary = binary;
    // What the environment says about another server does not concern this one.
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith('CENTRALITA_'));
    this.#environment = {
      ...Object.fromEntries(others),
      CENTRALITA_LISTEN: origin.replace('http://', ''),
      CENTRALITA_DATA_DIR: join(this.#folder, 'data'),
      CENTRALITA_LOG: 'warn',
      ...settings,
    };
  }

  /** Where it keeps everything. */
  get data(): string {
    return join(this.#folder, 'data');
  }

  static async #somewhere(settings: NodeJS.ProcessEnv = {}): Promise<Server> {
    const binary = process.env['CENTRALITA_TEST_BINARY'];
    if (!binary) throw new Error('CENTRALITA_TEST_BINARY must name the server to test');
    return new Server(binary, `http://127.0.0.1:${await freePort()}`, settings);
  }

  static async create(settings?: NodeJS.ProcessEnv): Promise<{ server: Server; sample: Sample }> {
    const server = await Server.#somewhere(settings);
    const printed = execFileSync(server.#binary, ['sample', '--json'], { env: server.#environment, cwd: server.#folder, encoding: 'utf8' });
    await server.start();
    return { server, sample: JSON.parse(printed) as Sample };
  }

  /** A demo, which makes itself. */
  static async demo(pace: number): Promise<Server> {
    const server = await Server.#somewhere();
    await server.start(['demo', '--pace', String(pace)]);
    return server;
  }

  async start(command: readonly string[] = ['serve']): Promise<void> {
    const log = openSync(this.#log, 'a');
    this.#process = spawn(this.#binary, command, { env: this.#environment, cwd: this.#folder, stdio: ['ignore', log, log] });
    const until = Date.now() + READY_WITHIN_MS;
    while (Date.now() < until) {
      const answer = await fetch(`${this.origin}/readyz`).catch(() => null);
      if (answer?.ok) return;
      if (this.#process.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the server did not start:\n${readFileSync(this.#log, 'utf8')}`);
  }

  /** Whether it ends by itself, and soon. */
  async ends(): Promise<boolean> {
    const until = Date.now() + READY_WITHIN_MS;
    while (this.#process?.exitCode === null && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
    return this.#process?.exitCode === 0;
  }

  /** Without any chance to tidy up. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
