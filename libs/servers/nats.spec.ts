import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type NatsServer, startNats } from './nats.js';
import { natsServerBinary, parseVersion } from './nats-binary.js';
import { natsConfig } from './nats-config.js';
import { natsTarget } from './nats-url.js';
import { freePort } from './ports.js';
import { alive } from './processes.js';

const users = {
  all: { password: 'inner' },
  publisher: { password: 'outer', permissions: { publish: ['farmbell.ingest.>'], subscribe: ['_INBOX.>'] } },
};
let storeDir: string;
let server: NatsServer;

beforeAll(async () => {
  storeDir = await mkdtemp(join(tmpdir(), 'farmbell-nats-'));
  server = await startNats({ storeDir, port: await freePort(), users, syncInterval: 'always', ephemeral: true });
});

afterAll(async () => {
  await server?.stop();
  await rm(storeDir, { recursive: true, force: true });
});

async function using<T>(url: string, work: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = await connect({ ...natsTarget(url), reconnect: false });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

describe('natsServerBinary', () => {
  it('is a server of 2.12 or newer, asked for by several at once', async () => {
    const paths = await Promise.all([natsServerBinary(), natsServerBinary(), natsServerBinary()]);
    expect(new Set(paths).size).toBe(1);
  });

  it.each([
    ['nats-server: v2.14.0\n', [2, 14]],
    ['nats-server: v2.9.24-beta', [2, 9]],
    ['something else', undefined],
  ])('reads %j', (printed, version) => {
    expect(parseVersion(printed)).toEqual(version);
  });
});

describe('natsConfig', () => {
  it('refuses a sync interval that is none', () => {
    const config = { serverName: 'n', host: '127.0.0.1', port: 1, storeDir: '/s', maxPayload: 1, maxStore: '1GB', users };
    expect(() => natsConfig({ ...config, syncInterval: '1s\nport: 2' })).toThrow(/FARMBELL_NATS_SYNC/);
  });
});

describe('startNats', () => {
  it('keeps its streams over a kill and takes messages of 3 MiB', async () => {
    await using(server.urlOf('all'), async (connection) => {
      await (await jetstreamManager(connection)).streams.add({ name: 'INGEST', subjects: ['farmbell.ingest.>'] });
      await jetstream(connection).publish('farmbell.ingest.big', new Uint8Array(3 * 1024 * 1024));
    });
    const before = server.pid;
    await server.kill();
    expect(alive(before)).toBe(false);
    await server.restart();
    await using(server.urlOf('all'), async (connection) => {
      const info = await (await jetstreamManager(connection)).streams.info('INGEST');
      expect(info.state.messages).toBe(1);
    });
  });

  it('lets a publisher publish events and nothing else', async () => {
    await using(server.urlOf('publisher'), async (connection) => {
      const ack = await jetstream(connection).publish('farmbell.ingest.x', '{}');
      expect(ack.stream).toBe('INGEST');
      const refused = new Promise<string>((resolve) => {
        void (async () => {
          for await (const status of connection.status()) if (status.type === 'error') resolve(status.error.message);
        })();
      });
      connection.publish('farmbell.other', '');
      expect(await refused).toMatch(/Permissions Violation for Publish to "farmbell.other"/i);
      const subscription = connection.subscribe('farmbell.>');
      await expect(
        (async () => {
          for await (const _ of subscription) break;
        })(),
      ).rejects.toThrow(/permissions violation/i);
    });
  });

  it('keeps the configuration, which holds the passwords, to its user', async () => {
    expect((await stat(join(storeDir, 'nats.conf'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(storeDir, 'nats.log'), 'utf8')).not.toMatch(/inner|outer/);
  });

  it('says why a server does not come up', async () => {
    const other = await mkdtemp(join(tmpdir(), 'farmbell-nats-'));
    await expect(startNats({ storeDir: other, port: server.port, users })).rejects.toThrow(
      /ended at its start.*address already in use/s,
    );
    await rm(other, { recursive: true, force: true });
  });
});
