import { connect, errors, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { inboxPrefix } from '#contracts';
import { tellUnanswered } from './unanswered.js';

export interface ConnectionOptions {
  /** Credentials may stand in it; with `tls://` the connection is encrypted, or there is none. */
  url: string;
  /** Whose connection: shown by the server, and the name of its inboxes. */
  name: string;
  tls?: { ca?: string; cert?: string; key?: string };
  /** Told why there is no connection yet, and what the server refuses. */
  onError?: (error: unknown) => void;
  /** Ends the wait for a server that is away. */
  signal?: AbortSignal;
}

const againMs = 250;

/** Under which prefix a connection's replies arrive. */
export const inboxesOf = (name: string): string => inboxPrefix(name.replaceAll(/[^\w-]/g, '-'));

/** Connects, waits for a server that is away, and reconnects for ever. Throws when the server refuses the user. */
export async function connection({ url, name, tls, signal, onError = () => {} }: ConnectionOptions): Promise<NatsConnection> {
  const options: NodeConnectionOptions = {
    ...serversOf(url, tls),
    name: `farmbell ${name}`,
    inboxPrefix: inboxesOf(name),
    maxReconnectAttempts: -1,
    // a server whose users were put right lets a refused one in again
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: againMs,
    timeout: 10_000,
    pingInterval: 20_000,
    // a stack for each request, made in case it fails, costs more than the request
    noAsyncTraces: true,
  };
  for (;;) {
    try {
      const nc = await connect(options);
      void tellErrors(nc, onError);
      tellUnanswered(nc);
      return nc;
    } catch (error) {
      if (error instanceof errors.AuthorizationError)
        throw new Error('NATS_URL: the server knows no such user, or the password is wrong', { cause: error });
      if (signal?.aborted) throw error;
      onError(new Error(`no connection yet: ${error instanceof Error ? error.message : String(error)}`));
      await new Promise((done) => setTimeout(done, againMs));
    }
  }
}

/**
 * `nats://user:password@host:port` as the client's options; several servers may be given, comma-separated. The client would
 * read `tls://` as "if the server offers it": here it means that nothing goes over the wire in the clear.
 */
export function serversOf(url: string, tls: ConnectionOptions['tls'] = {}): NodeConnectionOptions {
  const urls = url.split(',').map((one) => new URL(one.includes('://') ? one : `nats://${one}`));
  const first = urls[0]!;
  const encrypted = urls.some((one) => one.protocol === 'tls:') || Object.keys(tls).length > 0;
  return {
    servers: urls.map((one) => `${one.hostname}:${one.port || 4222}`),
    ...(first.username &&
      first.password && { user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) }),
    ...(first.username && !first.password && { token: decodeURIComponent(first.username) }),
    ...(encrypted && { tls }),
  };
}

/** A refused publish or subscribe is told by the server beside the call, which may only time out. */
async function tellErrors(nc: NatsConnection, onError: (error: unknown) => void): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type !== 'error') continue;
    const { error } = status;
    onError(error instanceof errors.PermissionViolationError ? new Refused(error.operation, error.subject) : error);
  }
}

class Refused extends Error {
  constructor(operation: 'publish' | 'subscription', subject: string) {
    super(
      `the server refuses to ${operation === 'publish' ? 'publish' : 'subscribe'} to ${subject}: this user's rights do not have it; see docs/security.md`,
    );
    this.name = 'Refused';
  }
}
