import { join } from 'node:path';
import { newKey } from '#runtime';
import { Api } from './api.js';
import { type Broker, oneServer } from './broker.js';
import type { Children } from './children.js';
import { Cluster } from './cluster.js';
import { Database } from './database.js';
import { Fleet } from './fleet.js';
import type { Options } from './options.js';
import { Publishing } from './publishing.js';
import { Receiving } from './receiving.js';

/** Everything that runs: servers, services, receivers, and the channels between them. */
export interface Farm {
  receiving: Receiving;
  broker: Broker;
  /** The broker, when it is three servers. */
  cluster?: Cluster;
  database: Database;
  fleet: Fleet;
  api: Api;
  publishing: Publishing;
  logs: string;
  end(): Promise<void>;
}

export interface FarmParts {
  options: Options;
  children: Children;
  /** A folder of this run's own; services write their logs to `logs` in it. */
  folder: string;
}

const token = 'chaos-admin-token-0123456789';

/** Starts it all; resolves when every service is ready and every channel made. What was started is ended when that fails. */
export async function startFarm({ options, children, folder }: FarmParts): Promise<Farm> {
  const logs = join(folder, 'logs');
  const receiving = await Receiving.open(children);
  const [cluster, database] = await Promise.all([
    options.cluster ? Cluster.open(children, folder, logs) : undefined,
    Database.open(folder),
  ]);
  const broker: Broker = cluster ?? (await oneServer(folder));
  const env = {
    FARMBELL_NATS_REPLICAS: String(broker.replicas),
    DATABASE_URL: database.url,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ADMIN_TOKEN: token,
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
    FARMBELL_DISCORD_ORIGIN: receiving.discordOrigin,
  };
  const fleet = new Fleet(children, (service) => ({ ...env, NATS_URL: broker.urlOf(service) }), logs, options.replicas);
  const end = async () => {
    await fleet.end();
    await broker.end();
    await database.stop().catch(() => {});
  };
  try {
    await fleet.open();
    const api = new Api(fleet.of('gateway'), token);
    await api.makeChannels(receiving.urls);
    const publishing = await Publishing.open({
      gateways: fleet.of('gateway').map((replica) => replica.port),
      grpc: fleet.of('printer-ingest').map((replica) => replica.grpcPort),
      natsUrl: broker.publisherUrl,
      token,
    });
    return { receiving, broker, ...(cluster && { cluster }), database, fleet, api, publishing, logs, end };
  } catch (error) {
    await end();
    throw error;
  }
}
