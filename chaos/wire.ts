import type { AddressInfo } from 'node:net';
import net from 'node:net';

/** A wire that can be cut: connections to `port` go on to `target` of loopback. */
export class Wire {
  private readonly open = new Set<net.Socket>();
  private cutOff = false;

  private constructor(
    private readonly server: net.Server,
    readonly port: number,
  ) {}

  /** `target` is asked at each connection: it may not be known yet. */
  static async open(target: () => number): Promise<Wire> {
    const server = net.createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const wire = new Wire(server, (server.address() as AddressInfo).port);
    server.on('connection', (socket) => wire.connect(socket, target()));
    return wire;
  }

  /** Packets are lost from now on, in both directions, and nobody is told; connections made meanwhile come to nothing. */
  cut(): void {
    this.cutOff = true;
    for (const socket of this.open) socket.pause();
  }

  /** The wire is whole again; what was open breaks, as it would after so long. */
  mend(): void {
    this.cutOff = false;
    for (const socket of this.open) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise<void>((done) => this.server.close(() => done()));
  }

  private connect(here: net.Socket, target: number): void {
    const there = net.connect({ port: target, host: '127.0.0.1' });
    for (const [socket, other] of [
      [here, there],
      [there, here],
    ] as const) {
      this.open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.open.delete(socket);
        // a cut wire tells nobody that the other end is gone
        if (!this.cutOff) other.destroy();
      });
      socket.on('data', (chunk) => {
        if (!this.cutOff && !other.destroyed) other.write(chunk);
      });
      if (this.cutOff) socket.pause();
    }
  }
}
