import type { Subscription } from '@nats-io/transport-node';
import { answer, Bus } from '#bus';
import type { AskName, Asks } from '#contracts';
import { makeLog, readConfig, start } from '#runtime';
import { Channels } from './controllers/channels.js';
import { GatewayModule } from './index.js';
import { Listening } from './stream/listening.js';
import { LiveStreams } from './stream/live-streams.js';

export const adminToken = 'an-admin-token-of-the-tests';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  body: any;
  text: string;
}

export interface Asked {
  token?: string | null;
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Buffer;
  type?: string;
  headers?: Record<string, string>;
}

/** For specs: the gateway over HTTP, and beside it, on the same NATS, whoever must stand in for an owner. */
export class Harness {
  private readonly standIns: Subscription[] = [];

  private constructor(
    readonly origin: string,
    /** A connection of the test's own. */
    readonly bus: Bus,
    /** The app's own part, for what takes too long over HTTP. */
    readonly channels: Channels,
    readonly streams: LiveStreams,
    private readonly stopApp: () => Promise<void>,
  ) {}

  static async start(given: { databaseUrl: string; natsUrl: string; env?: Record<string, string> }): Promise<Harness> {
    const config = readConfig({
      NATS_URL: given.natsUrl,
      DATABASE_URL: given.databaseUrl,
      FARMBELL_ADMIN_TOKEN: adminToken,
      FARMBELL_PUBLIC_URL: 'https://farmbell.example.org',
      ...given.env,
    });
    const log = makeLog({ name: 'gateway', level: process.env.TEST_LOG ?? 'silent' });
    const app = await start({ name: 'gateway', modules: [GatewayModule], config, log, host: '127.0.0.1', port: 0 });
    const bus = await Bus.connect({ url: given.natsUrl, name: 'test' });
    return new Harness(await app.getUrl(), bus, app.get(Channels), app.get(LiveStreams), () => app.close());
  }

  async stop(): Promise<void> {
    await this.stopApp();
    await this.bus.close();
  }

  /** Answers an ask in the owner's place; the last stand-in of a name counts. */
  async owner<K extends AskName>(name: K, handle: (input: Asks[K][0]) => Asks[K][1] | Promise<Asks[K][1]>): Promise<void> {
    const subject = `farmbell.ask.${name}`;
    for (const one of this.standIns) if (one.getSubject() === subject) one.unsubscribe();
    this.standIns.push(answer(this.bus, name, async (input) => handle(input)));
    await this.bus.nc.flush();
  }

  /** Nobody answers asks any more. */
  async ownersAway(): Promise<void> {
    for (const one of this.standIns.splice(0)) one.unsubscribe();
    await this.bus.nc.flush();
  }

  async send(method: string, path: string, { token = adminToken, body, raw, type, headers }: Asked = {}): Promise<Answer> {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(sent !== undefined && type !== '' && { 'content-type': type ?? 'application/json' }),
        ...headers,
      },
      body: sent as string | undefined,
    });
    if (response.ok && /event-stream/.test(response.headers.get('content-type') ?? '')) {
      // it has no end: that it was opened is the answer
      await response.body?.cancel();
      return { status: response.status, headers: response.headers, body: undefined, text: '' };
    }
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text, text };
  }

  /** GET /v1/stream, listened to until it is closed. */
  listen(token: string = adminToken, headers: Record<string, string> = {}): Promise<Listening> {
    return Listening.open(`${this.origin}/v1/stream`, { authorization: `Bearer ${token}`, ...headers });
  }

  get = (path: string, asked?: Asked) => this.send('GET', path, asked);
  post = (path: string, asked?: Asked) => this.send('POST', path, asked);

  /** A new token of an account, made over the API. */
  async token(scopes: string[], account = 'default', more: object = {}): Promise<{ id: string; token: string }> {
    const made = await this.post('/v1/tokens', {
      body: { name: 'test', scopes, ...more },
      headers: { 'farmbell-account': account },
    });
    if (made.status !== 201) throw new Error(`no token: ${made.text}`);
    return made.body;
  }

  /** How many events are stored. */
  async stored(): Promise<number> {
    return (await this.bus.jsm.streams.info('EVENTS')).state.messages;
  }
}
