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
  users: Readonly<Record<string, NatsUser>>;
  /** Port of the monitoring pages, on loopback; none without it. */
  monitorPort?: number;
}

/** Subjects that a user may publish to and subscribe to. */
export interface NatsPermissions {
  publish: readonly string[];
  subscribe: readonly string[];
}

export interface NatsUser {
  /** Letters and digits, safe in URLs and configuration files; `$NAME`: what that variable of the server's environment holds. */
  password: string;
  /** Everything without them. */
  permissions?: NatsPermissions;
}

const SYNC_INTERVAL = /^(always|\d+(ms|s|m|h))$/;

/** The text of a nats-server configuration file; it holds the passwords. Throws for a sync interval nats-server would not read. */
export function natsConfig(config: NatsConfig): string {
  if (!SYNC_INTERVAL.test(config.syncInterval)) {
    throw new Error(`FARMBELL_NATS_SYNC is "always" or a time such as 1s or 500ms, not ${JSON.stringify(config.syncInterval)}.`);
  }
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
    natsAuthorization(config.users),
    ...(config.monitorPort === undefined ? [] : [`http: "127.0.0.1:${config.monitorPort}"`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The `authorization` block of a nats-server configuration. */
export function natsAuthorization(users: Readonly<Record<string, NatsUser>>): string {
  return ['authorization {', '  users: [', ...Object.entries(users).flatMap(userLines), '  ]', '}'].join('\n');
}

function userLines([name, { password, permissions }]: [string, NatsUser]): string[] {
  const may = (what: keyof NatsPermissions) => [
    `        ${what}: [`,
    ...(permissions?.[what] ?? []).map((subject) => `          ${quote(subject)}`),
    '        ]',
  ];
  return [
    '    {',
    `      user: ${quote(name)}`,
    // in quotes a variable would be taken by its name
    `      password: ${password.startsWith('$') ? password : quote(password)}`,
    ...(permissions ? ['      permissions: {', ...may('publish'), ...may('subscribe'), '      }'] : []),
    '    }',
  ];
}

function quote(text: string): string {
  return JSON.stringify(text);
}
