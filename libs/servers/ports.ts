import net from 'node:net';

const LOOPBACK = '127.0.0.1';
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '*', '']);

/** Ports offered by freePort() without a wish: below the range the system itself hands to outgoing connections. */
const FIRST_FREE = 15_000;
const LAST_FREE = 32_000;
const TRIES = 200;

/** The address at which a server that listens on `host` is reached from this machine. */
export function reachableHost(host: string): string {
  return WILDCARDS.has(host) ? LOOPBACK : host;
}

/** `host` as it stands in a URL: IPv6 in brackets, a wildcard as loopback. */
export function urlHost(host: string): string {
  const reachable = reachableHost(host);
  return reachable.includes(':') ? `[${reachable}]` : reachable;
}

/**
 * Whether a server could listen on `port` of `host` now.
 * Throws when the address itself cannot be used (not of this machine, or a port below 1024 without the right to it).
 */
export async function portFree(port: number, host: string = LOOPBACK): Promise<boolean> {
  // Some systems let one program listen on 127.0.0.1 although another listens on all addresses: ask first.
  if (await answers(port, reachableHost(host))) return false;
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else
        reject(
          new Error(`Nothing can listen on ${host}:${port} (${error.code ?? error.message}): choose another address or port.`),
        );
    });
    server.listen({ port, host: WILDCARDS.has(host) ? undefined : host, exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}

/**
 * A port that is free on `host` now: `preferred` or the first free one after it;
 * without a preference any one of 15000 to 32000. Throws when none is found.
 */
export async function freePort(preferred?: number, host: string = LOOPBACK): Promise<number> {
  for (let n = 0; n < TRIES; n += 1) {
    const port = preferred === undefined ? FIRST_FREE + Math.floor(Math.random() * (LAST_FREE - FIRST_FREE)) : preferred + n;
    if (port > 65_535) break;
    if (await portFree(port, host)) return port;
  }
  throw new Error(
    `No free port found on ${host}${preferred === undefined ? '' : ` from ${preferred} on`}: end a program that listens there.`,
  );
}

function answers(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    // An address that swallows packets: listening on it will give the true answer.
    socket.setTimeout(500, () => done(false));
  });
}
