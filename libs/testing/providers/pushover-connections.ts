import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Connections {
  /** http://127.0.0.1:port, in front of the server. */
  origin: string;
  /** Open now. */
  open(): number;
  /** How many were closed at once, as there were too many. */
  refused(): number;
  close(): Promise<void>;
}

/** Stands in front of a server and lets no more connections in at once than told; a further one is closed unheard. */
export async function connectionsTo(origin: string, most: number): Promise<Connections> {
  const port = Number(new URL(origin).port);
  const sockets = new Set<Socket>();
  let refused = 0;
  const server = createServer((outer) => {
    const inner = connect(port, '127.0.0.1');
    sockets.add(outer);
    outer.pipe(inner).pipe(outer);
    outer
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(outer);
        inner.destroy();
      });
    inner.on('error', () => {}).on('close', () => outer.destroy());
  });
  if (most < Number.POSITIVE_INFINITY) server.maxConnections = most;
  server.on('drop', () => {
    refused += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => sockets.size,
    refused: () => refused,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
