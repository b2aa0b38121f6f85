import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lanes } from '#contracts';
import { newKey } from '#runtime';
import { freePort, startPostgres } from '#servers';
import { type ServiceProcess, serviceProcess, testNats, until } from '#testing';

export const services = ['gateway', 'printer-ingest', 'rules', 'webhook', 'health', 'journal'] as const;
export type Service = (typeof services)[number];

export interface FarmOptions {
  /** FARMBELL_NATS_SYNC; 1s unless told. */
  sync?: string;
  /** All services in one process, with the servers that Farmbell brings along. */
  allInOne?: boolean;
  /** Options of Node.js itself for a service's process. */
  node?: (service: string) => string[];
}

/** A running Farmbell, as in production: each service a process of its own, or all in one. */
export interface Farm {
  natsUrl: string;
  publisherUrl: string;
  databaseUrl: string;
  keys: string;
  origin: string;
  grpc: string;
  token: string;
  /** Of its processes by name, servers included. */
  pids(): Record<string, number>;
  /** Of those that are Node.js. */
  servicePids(): Record<string, number>;
  startService(name: Service): Promise<void>;
  stopService(name: Service): Promise<void>;
  /** What the services have said: at this log level, complaints. */
  output(): string;
  stop(): Promise<void>;
}

const token = 'bench-admin-token-0123456789';
const openEnv = {
  FARMBELL_ADMIN_TOKEN: token,
  FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
  FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
};

export const startFarm = (options: FarmOptions = {}): Promise<Farm> => (options.allInOne ? together(options) : apart(options));

async function apart({ sync = '1s', node = () => [] }: FarmOptions): Promise<Farm> {
  const ends: (() => Promise<void>)[] = [];
  const running = new Map<Service, ServiceProcess>();
  const said: string[] = [];
  const stop = async () => {
    await Promise.all([...running.values()].map((service) => service.end('SIGTERM')));
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const nats = await testNats({ syncInterval: sync });
    ends.push(nats.stop);
    const postgres = await startPostgres({ port: await freePort(), user: 'farmbell', password: newKey().replaceAll(/\W/g, '') });
    ends.push(postgres.stop);
    const keys = newKey();
    const grpcPort = await freePort();
    const env = { ...openEnv, DATABASE_URL: postgres.url, FARMBELL_SECRET_KEYS: keys };
    const startService = async (name: Service) => {
      const own: Record<string, string> = name === 'printer-ingest' ? { FARMBELL_GRPC_PORT: String(grpcPort) } : {};
      const service = await serviceProcess(name, { ...env, NATS_URL: nats.urlOf(name), ...own }, node(name));
      running.set(name, service);
      if (name === 'webhook') await lanesTaken(service.port);
    };
    await Promise.all(services.map(startService));
    const servicePids = () =>
      Object.fromEntries(services.flatMap((name) => (running.has(name) ? [[name, running.get(name)!.pid]] : [])));
    return {
      natsUrl: nats.url,
      publisherUrl: nats.publisherUrl,
      databaseUrl: postgres.url,
      keys,
      origin: `http://127.0.0.1:${running.get('gateway')!.port}`,
      grpc: `127.0.0.1:${grpcPort}`,
      token,
      pids: () => ({ ...servicePids(), nats: nats.pid, postgres: postgres.pid }),
      servicePids,
      startService,
      stopService: async (name) => {
        const service = running.get(name);
        running.delete(name);
        await service?.end('SIGTERM');
        if (service) said.push(service.output());
      },
      output: () => [...said, ...[...running.values()].map((service) => service.output())].join(''),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ready is who can be asked; deliveries go out once its lanes are taken. */
async function lanesTaken(port: number): Promise<void> {
  await until('webhook has taken its lanes', 60_000, async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return text.includes(`farmbell_lanes_owned{type="webhook"} ${lanes}\n`);
  });
}

async function together({ sync = '1s', node = () => [] }: FarmOptions): Promise<Farm> {
  const dataDir = await mkdtemp(join(tmpdir(), 'farmbell-bench-'));
  // as root, PostgreSQL's user must be able to enter it: else the cluster would lie elsewhere, and stay
  await chmod(dataDir, 0o755);
  const remove = () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  const [grpcPort, natsPort] = [await freePort(), await freePort()];
  const keys = newKey();
  const env = {
    ...openEnv,
    FARMBELL_SECRET_KEYS: keys,
    FARMBELL_DATA_DIR: dataDir,
    FARMBELL_NATS_SYNC: sync,
    FARMBELL_GRPC_PORT: String(grpcPort),
    FARMBELL_NATS_PORT: String(natsPort),
  };
  try {
    const all = await serviceProcess('all', env, node('all'));
    const kept = (name: string) => readFileSync(join(dataDir, name), 'utf8').trim();
    const pidIn = (name: string) => Number(JSON.parse(kept(name)).pid);
    const ports = JSON.parse(kept('ports.json'));
    return {
      natsUrl: `nats://operator:${kept('nats-password')}@127.0.0.1:${natsPort}`,
      publisherUrl: kept('publisher-nats-url'),
      databaseUrl: `postgres://farmbell:${kept('postgres-password')}@127.0.0.1:${ports.postgres}/farmbell`,
      keys,
      origin: `http://127.0.0.1:${all.port}`,
      grpc: `127.0.0.1:${grpcPort}`,
      token,
      pids: () => ({ all: all.pid, nats: pidIn('nats.pid'), postgres: pidIn('postgres.pid') }),
      servicePids: () => ({ all: all.pid }),
      startService: unable,
      stopService: unable,
      // without the welcome
      output: () =>
        all
          .output()
          .split('\n')
          .filter((line) => /^\{|Error|Warning/.test(line))
          .join('\n'),
      stop: async () => {
        await all.end('SIGTERM');
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function unable(): Promise<never> {
  throw new Error('In one process no service starts or stops by itself');
}
