/** The one HTTP client of all deliveries: guarded at connect, bounded in time and size, and silent about what is secret in a URL. */
import { lookup as systemLookup } from 'node:dns/promises';
import { EventEmitter } from 'node:events';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher, Pool } from 'undici';
import { type EgressPolicy, portOf } from './egress.js';
import { failureOf, HEADER_BYTES, HttpFailure, NotBegun } from './failures.js';

export type Call = {
  url: string;
  /** Default: POST with a body, GET without. */
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** The body is wanted whole, as bytes, when it has at most so many; else `Reply.bytes` is left out. */
  mostBytes?: number;
  /** Milliseconds for name, connection, headers and body together. */
  timeoutMs: number;
  /** Asked when the connection is there and the first byte is about to be written: false ends the call with NotBegun. */
  mayBegin?: (() => boolean) | undefined;
};

/** What came back, whatever the status; a 3xx is a reply like any other. Header names are in lower case, repeated ones joined by a comma. */
export type Reply = { status: number; headers: Record<string, string>; body: string; bytes?: Uint8Array; latencyMs: number };

export type Resolved = { address: string; family: number };

export type HttpOptions = {
  policy: EgressPolicy;
  userAgent: string;
  /** Connections per origin; without a limit, so that hanging channels leave the others on the same host theirs. */
  connections?: number | undefined;
  /** All addresses of a name; the system's resolver by default. */
  resolve?: (host: string) => Promise<Resolved[]>;
  /** Certificate authorities to trust in place of Node's own, PEM. */
  ca?: string;
};

export type Http = {
  /** One call, one attempt: no redirect, no retry, no proxy from the environment. Throws HttpFailure, or NotBegun. */
  request: (call: Call) => Promise<Reply>;
  /** Ends all connections; calls under way fail. */
  close: () => Promise<void>;
};

const KEPT_BYTES = 16 * 1024;
const READ_BYTES = 64 * 1024;
// A connection that nobody waits for any more ends by itself after this.
const CONNECT_MS = 15_000;
// Node's 250 ms give up on a far receiver with several addresses: https://github.com/nodejs/node/issues/54359
const NEXT_ADDRESS_MS = 1_000;

/** What stops one call. undici takes an emitter in an AbortSignal's place, and one of those costs more than the rest of a call. */
class Stop extends EventEmitter {
  aborted = false;
  reason: unknown;

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.emit('abort');
  }
}

/** Asks whether a call may begin at the last moment that there is: connecting takes time, in which a process may stand still. */
class AskingAgent extends Agent {
  override dispatch(options: Agent.DispatchOptions & Pick<Call, 'mayBegin'>, handler: Dispatcher.DispatchHandler): boolean {
    const { mayBegin } = options;
    const begin = handler.onConnect;
    if (mayBegin && begin) {
      handler.onConnect = (abort) => {
        if (!mayBegin()) throw new NotBegun('The call was not wanted any more.');
        begin.call(handler, abort);
      };
    }
    return super.dispatch(options, handler);
  }
}

/** One question per name at a time: the system's resolver has few threads, and a dead name server must not take them all. */
function sharing(resolve: (host: string) => Promise<Resolved[]>): (host: string) => Promise<Resolved[]> {
  const open = new Map<string, Promise<Resolved[]>>();
  return (host) => {
    const asked = open.get(host) ?? resolve(host).finally(() => open.delete(host));
    open.set(host, asked);
    return asked;
  };
}

/** Creates the client. It holds connections: `close()` it. */
export function createHttp({ policy, userAgent, connections, resolve: given, ca }: HttpOptions): Http {
  const ask = sharing(given ?? ((host) => systemLookup(host, { all: true })));

  async function resolve(host: string): Promise<Resolved[]> {
    const answers = await ask(host).catch((error: { code?: unknown }) => {
      throw new HttpFailure('dns', `The name ${host} cannot be resolved (${String(error?.code ?? 'unknown')})`);
    });
    if (answers.length === 0) throw new HttpFailure('dns', `The name ${host} has no address`);
    return answers;
  }

  /** The addresses of Farmbell's own server; its name is nobody else's business. */
  const owned = (name: string, url: URL): Promise<Resolved[]> =>
    resolve(name).catch(() => {
      const unknown =
        "the name of Farmbell's own NATS or database on this port cannot be resolved, so that it could be kept away from";
      throw new HttpFailure('dns', `${url.host} was not called: ${unknown}`);
    });

  async function check(addresses: string[], url: URL): Promise<void> {
    const port = portOf(url);
    const refusal = policy.judge(addresses, port, url.origin);
    if (refusal) throw new HttpFailure('blocked', `${url.host} was not called: ${refusal}`);
    for (const name of policy.forbiddenNames(port)) {
      const taken = (await owned(name, url)).map((one) => one.address);
      if (name === url.hostname || addresses.some((address) => policy.meets(address, taken))) {
        throw new HttpFailure(
          'blocked',
          `${url.host} was not called: it belongs to Farmbell's own NATS or database; use another receiver`,
        );
      }
    }
  }

  /** Connects to what was checked: a literal is checked here (Node looks up names only), a name where Node takes its addresses from. */
  function guarded(url: URL): buildConnector.connector {
    const lookup: LookupFunction = (host, options, done) => {
      resolve(host)
        .then(async (answers) => {
          await check(
            answers.map((answer) => answer.address),
            url,
          );
          return answers;
        })
        .then(
          (answers) => (options.all ? done(null, answers) : done(null, answers[0]!.address, answers[0]!.family)),
          (error: Error) => done(error, ''),
        );
    };
    const trust = ca === undefined ? {} : { ca };
    const connect = buildConnector({
      lookup,
      timeout: CONNECT_MS,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
      ...trust,
    } as buildConnector.BuildOptions);
    return (options, done) => {
      if (!isIP(options.hostname)) return connect(options, done);
      check([options.hostname], url)
        .then(() => connect(options, done))
        .catch((error: Error) => done(error, null));
    };
  }

  const agent = new AskingAgent({
    // A connector for each origin, as a lookup is told the name only, and the verdict needs the port.
    factory: (origin, options) => new Pool(origin, { ...options, connect: guarded(new URL(origin)) }),
    ...(connections === undefined ? {} : { connections }),
    maxHeaderSize: HEADER_BYTES,
    // The call's own time limit covers both; undici's bodyTimeout counts the gaps between pieces, which a slow drip never reaches.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  async function exchange(call: Call, url: URL, signal: Stop): Promise<Omit<Reply, 'latencyMs'>> {
    const own = Object.fromEntries(Object.entries(call.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: call.method ?? (call.body === undefined ? 'GET' : 'POST'),
      headers: { 'user-agent': userAgent, ...own },
      body: call.body ?? null,
      signal,
      mayBegin: call.mayBegin,
    } as Dispatcher.RequestOptions);
    const headers = Object.entries(answer.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]);
    const head = { status: answer.statusCode, headers: Object.fromEntries(headers) };
    if (call.mostBytes === undefined) return { ...head, body: await beginning(answer.body) };
    const bytes = await whole(answer.body, call.mostBytes);
    return { ...head, body: '', ...(bytes && { bytes }) };
  }

  async function request(call: Call): Promise<Reply> {
    const started = performance.now();
    const elapsed = () => Math.round(performance.now() - started);
    const url = URL.canParse(call.url) ? new URL(call.url) : undefined;
    if (!url || !/^https?:$/.test(url.protocol))
      throw new HttpFailure('blocked', 'Not called: the URL is not a whole http or https URL');
    const stop = new Stop();
    const late = () => new HttpFailure('timeout', `${url.host} did not answer completely within ${call.timeoutMs} ms`);
    const timer = setTimeout(() => stop.abort(late()), call.timeoutMs);
    // undici looks at the signal only once it is connected, so the call does not wait for undici to notice.
    const stopped = new Promise<never>((_, reject) => void stop.once('abort', () => reject(stop.reason)));
    try {
      const reply = await Promise.race([stopped, exchange(call, url, stop)]);
      return { ...reply, latencyMs: elapsed() };
    } catch (error) {
      if (error instanceof NotBegun) throw error;
      throw failureOf(stop.aborted ? stop.reason : error, url.host, elapsed());
    } finally {
      clearTimeout(timer);
    }
  }

  return { request, close: () => agent.destroy() };
}

/** The beginning of a body, as UTF-8. Beyond READ_BYTES the connection is dropped and not read to its end. */
async function beginning(body: AsyncIterable<Uint8Array>): Promise<string> {
  const kept: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of body) {
    if (read < KEPT_BYTES) kept.push(chunk.subarray(0, KEPT_BYTES - read));
    read += chunk.length;
    if (read > READ_BYTES) break;
  }
  // As a stream that goes on, the decoder leaves out a character that was cut in two.
  return new TextDecoder().decode(Buffer.concat(kept), { stream: read > KEPT_BYTES });
}

/** All of a body; undefined when it has more bytes, and then it is not read to its end. */
async function whole(body: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array | undefined> {
  const kept: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of body) {
    read += chunk.length;
    if (read > most) return undefined;
    kept.push(chunk);
  }
  return Buffer.concat(kept);
}
