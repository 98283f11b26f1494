/** A network cable between a browser and the server that can be pulled. */

import { createServer, connect, type Server as NetServer, type Socket } from 'node:net';

export class Cable {
  readonly #server: NetServer;
  readonly #open = new Set<Socket>();
  #cut = false;
  origin = '';

  private constructor(readonly to: URL) {
    this.#server = createServer((near) => {
      if (this.#cut) {
        near.destroy();
        return;
      }
      const far = connect(Number(to.port), to.hostname);
      for (const socket of [near, far]) {
        this.#open.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#open.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
  }

  static async to(origin: string): Promise<Cable> {
    const cable = new Cable(new URL(origin));
    await new Promise<void>((resolve) => cable.#server.listen(0, '127.0.0.1', resolve));
    const address = cable.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    cable.origin = `http://127.0.0.1:${address.port}`;
    return cable;
  }

  pull(): void {
    this.#cut = true;
    for (const socket of this.#open) socket.destroy();
  }

  plug(): void {
    this.#cut = false;
  }

  close(): void {
    this.pull();
    this.#server.close();
  }
}
