import type { NatsConnection } from '@nats-io/transport-node';

/** A request went down with its connection: whether the server had it is not known. */
export class ConnectionLost extends Error {
  constructor() {
    super('the connection was lost before the answer came: disconnect');
    this.name = 'ConnectionLost';
  }
}

/** What was sent with the new connection is answered by then. */
const answeredMs = 500;

/**
 * Whenever a lost connection is there again: `waiting` notes what waits for an answer, and what it answers with is called when all that was
 * sent with the new connection is answered.
 */
export function onReturn(nc: NatsConnection, waiting: () => () => void): void {
  void (async () => {
    for await (const { type } of nc.status()) if (type === 'reconnect') setTimeout(waiting(), answeredMs).unref();
  })();
}

/**
 * Requests that wait for an answer when the connection breaks are told once it is there again. The client drops what it had not
 * sent by then, and would let each of them wait for its own time limit.
 */
export function tellUnanswered(nc: NatsConnection): void {
  const waiting = new Set<() => void>();
  const request = nc.request.bind(nc);
  nc.request = (...args) =>
    new Promise((done, failed) => {
      const lost = () => failed(new ConnectionLost());
      waiting.add(lost);
      request(...args)
        .finally(() => waiting.delete(lost))
        .then(done, failed);
    });
  onReturn(nc, () => {
    const before = [...waiting];
    return () => {
      for (const lost of before) if (waiting.delete(lost)) lost();
    };
  });
}
