import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

export interface ReceivedRequest {
  /** When its body had arrived, in milliseconds since 1970. */
  at: number;
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The body read as JSON; undefined if it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was sent
  json: any;
}

export interface Answer {
  /** 204 unless told. */
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: string | Buffer | object;
  /** Waits so long before it answers. */
  delayMs?: number;
}

export interface Receiver {
  /** http://127.0.0.1:port */
  origin: string;
  /** Every request so far, in the order of arrival. */
  requests: ReceivedRequest[];
  /**
   * Resolves with the first request that `matches` and that next() has not handed out before, one that has already
   * arrived included. Throws when there is none within `ms` (5 s unless told).
   */
  next(matches?: (request: ReceivedRequest) => boolean, ms?: number): Promise<ReceivedRequest>;
  /** Cuts open connections, those waiting for an answer too. */
  close(): Promise<void>;
}

type AnswerOf = (request: ReceivedRequest, all: ReceivedRequest[]) => Answer | undefined | Promise<Answer | undefined>;

interface Waiting {
  matches: (request: ReceivedRequest) => boolean;
  resolve: (request: ReceivedRequest) => void;
}

const wantedPort = new AsyncLocalStorage<number>();

/** What `start` starts listens on this port; on a free one where it is taken. */
export const onPort = <T>(port: number, start: () => T): T => wantedPort.run(port, start);

/** Listens on loopback: on a free port, or where `onPort` says. */
export async function listen(server: Server, port = wantedPort.getStore() ?? 0): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const ready = () => {
      server.off('error', reject);
      resolve();
    };
    server.once('error', reject).listen(port, '127.0.0.1', ready);
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || port === 0) throw error;
    return listen(server, 0);
  });
}

/** An HTTP server on a free port of loopback (see `onPort`) that records what it gets; `answer` says what it answers (204 without it). */
export async function receiver(answer: AnswerOf = () => undefined): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const handedOut = new Set<ReceivedRequest>();
  const waiting = new Set<Waiting>();
  const timers = new Set<NodeJS.Timeout>();

  const record = (request: ReceivedRequest) => {
    requests.push(request);
    for (const one of waiting) {
      if (!one.matches(request)) continue;
      one.resolve(request);
      return;
    }
  };
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await read(incoming);
    record(request);
    const { status = 204, headers = {}, body, delayMs = 0 } = (await answer(request, requests)) ?? {};
    if (delayMs > 0) await new Promise<void>((resolve) => timers.add(setTimeout(resolve, delayMs)));
    const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
    response.writeHead(status, { ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers });
    response.end(isJson ? JSON.stringify(body) : body);
  };
  const server = createServer((incoming, response) => {
    // A sender that hangs up, or an answer() that throws: the connection is cut, the server goes on.
    handle(incoming, response).catch(() => response.destroy());
  });
  await listen(server);

  const next: Receiver['next'] = (matches = () => true, ms = 5_000) =>
    new Promise((resolve, reject) => {
      const found = requests.find((request) => !handedOut.has(request) && matches(request));
      if (found !== undefined) {
        handedOut.add(found);
        resolve(found);
        return;
      }
      const timer = setTimeout(() => {
        waiting.delete(one);
        reject(new Error(`No matching request within ${ms} ms; ${requests.length} arrived in all: ${summary(requests)}`));
      }, ms);
      const one: Waiting = {
        matches,
        resolve: (request) => {
          clearTimeout(timer);
          waiting.delete(one);
          handedOut.add(request);
          resolve(request);
        },
      };
      waiting.add(one);
    });
  const close = async () => {
    for (const timer of timers) clearTimeout(timer);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, next, close };
}

async function read(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { method = '', url = '', headers } = incoming;
  return { at: Date.now(), method, url, headers, body, json: parse(body) };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function summary(requests: readonly ReceivedRequest[]): string {
  return requests
    .slice(-5)
    .map(({ method, url }) => `${method} ${url}`)
    .join(', ');
}
