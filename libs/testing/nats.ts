import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsUsers } from '#contracts';
import { freePort, type NatsOptions, type NatsServer, startNats } from '#servers';

export interface TestNats {
  /** Of a user that may do everything, credentials included. */
  url: string;
  /** Of a service's own user. */
  urlOf(service: string): string;
  /** With a publisher's rights. */
  publisherUrl: string;
  port: number;
  /** Of the server as it runs now. */
  pid: number;
  storeDir: string;
  /** Ends the server by a signal (SIGKILL unless told); its store stays for start(). */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and store. */
  start(): Promise<void>;
  /** Stops it for good and removes the store. */
  stop(): Promise<void>;
}

const STARTS = 4;

/** Starts a nats-server of one's own: a free port, a temporary store. It ends with the test process at the latest. */
export async function testNats(options: Partial<Omit<NatsOptions, 'storeDir' | 'host' | 'users'>> = {}): Promise<TestNats> {
  const storeDir = await mkdtemp(join(await realpath(tmpdir()), 'farmbell-nats-'));
  const password = () => randomBytes(12).toString('hex');
  const users = {
    farmbell: { password: password() },
    ...Object.fromEntries(Object.entries(natsUsers).map(([name, permissions]) => [name, { password: password(), permissions }])),
  };
  try {
    const server = await onSomePort(options.port, (port) => startNats({ ...options, storeDir, port, users, ephemeral: true }));
    return {
      url: server.urlOf('farmbell'),
      urlOf: server.urlOf,
      publisherUrl: server.urlOf('publisher'),
      port: server.port,
      get pid() {
        return server.pid;
      },
      storeDir,
      kill: (signal) => server.kill(signal),
      start: () => server.restart(),
      stop: async () => {
        await server.stop();
        await rm(storeDir, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  } catch (error) {
    await rm(storeDir, { recursive: true, force: true });
    throw error;
  }
}

/** Another test run may take the port between the look and the start: then another one. */
async function onSomePort(port: number | undefined, start: (port: number) => Promise<NatsServer>): Promise<NatsServer> {
  if (port !== undefined) return start(port);
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (tries >= STARTS) throw error;
    }
  }
}
