/** How soon JetStream writes to disk for good: an interval such as '1s', or 'always': before each answer. */
export type SyncInterval = 'always' | (string & {});

export interface NatsConfig {
  /** Of this start alone, by which it is told from another server on the port. */
  serverName: string;
  host: string;
  port: number;
  storeDir: string;
  maxPayload: number;
  syncInterval: SyncInterval;
  /** Upper bound of the stored bytes, as nats-server writes sizes. */
  maxStore: string;
  users: NatsUsers;
  /** Port of the monitoring pages, on loopback; none without it. */
  monitorPort?: number;
}

/** Passwords of the two users. */
export interface NatsUsers {
  /** `farmbell`, Farmbell's own services: may do everything. */
  farmbell: string;
  /** `publisher`: may publish events and receive the answers to it. */
  publisher: string;
}

/** What a publisher may do: the ingest subjects, and the inboxes at which JetStream's answers arrive. */
export const PUBLISHER_MAY = { publish: ['farmbell.ingest.>'], subscribe: ['_INBOX.>'] } as const;

const SYNC_INTERVAL = /^(always|\d+(ms|s|m|h))$/;

/** The text of a nats-server configuration file; it holds the passwords. Throws for a sync interval nats-server would not read. */
export function natsConfig(config: NatsConfig): string {
  if (!SYNC_INTERVAL.test(config.syncInterval)) {
    throw new Error(`FARMBELL_NATS_SYNC is "always" or a time such as 1s or 500ms, not ${JSON.stringify(config.syncInterval)}.`);
  }
  const users = [
    { user: 'farmbell', password: config.users.farmbell },
    { user: 'publisher', password: config.users.publisher, permissions: PUBLISHER_MAY },
  ];
  const lines = [
    `host: ${quote(config.host)}`,
    `port: ${config.port}`,
    `server_name: ${config.serverName}`,
    `max_payload: ${config.maxPayload}`,
    'jetstream {',
    `  store_dir: ${quote(config.storeDir)}`,
    `  sync_interval: ${quote(config.syncInterval)}`,
    `  max_file_store: ${config.maxStore}`,
    '}',
    'authorization {',
    // JSON is a subset of the configuration language.
    `  users: ${JSON.stringify(users)}`,
    '}',
    ...(config.monitorPort === undefined ? [] : [`http: "127.0.0.1:${config.monitorPort}"`]),
  ];
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
