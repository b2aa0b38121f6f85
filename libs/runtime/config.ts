import { isIP } from 'node:net';
import { z } from 'zod';

/**
 * Every setting, read once. The schema is the documentation: name, default, meaning.
 * A fault names the variable and what a right value looks like, never the value given.
 */
const flag = z.enum(['true', 'false'], 'must be true or false').transform((v) => v === 'true');
const port = z.coerce
  .number('must be a port number, 1 to 65535')
  .int()
  .min(1, 'must be a port number, 1 to 65535')
  .max(65535, 'must be a port number, 1 to 65535');
const whole = (min: number, max: number) => {
  const sentence = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number(sentence).int(sentence).min(min, sentence).max(max, sentence);
};
const origin = z
  .url({ protocol: /^https?$/, error: 'must be an origin such as https://example.org' })
  .transform((v) => new URL(v).origin);
const url = (protocol: RegExp, example: string) =>
  z
    .string()
    .refine(
      (v) => v.split(',').every((one) => URL.canParse(one) && protocol.test(new URL(one).protocol)),
      `must look like ${example}`,
    );

const isCidr = (text: string): boolean => {
  const [address = '', bits = '', ...more] = text.trim().split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!;
  return more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
};

const collector = z.url({ protocol: /^https?$/, error: 'must be an address such as http://127.0.0.1:4318' });

/** Who reads a setting: `npm start` for what it brings along, and services by name. In one process everything is read. */
const alone = ['npm start'];
const every = ['every service'];
const types = ['channel types'];
const theirs = "the provider's";

/** `by`: who reads it; `otherwise`: what holds where it is not set and no default stands here. docs/configuration.md is made of this. */
export const settings = {
  FARMBELL_DATA_DIR: z
    .string()
    .min(1)
    .default('.farmbell')
    .describe('where the embedded servers and generated secrets live')
    .meta({ by: alone }),
  FARMBELL_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('address of the gateway')
    .meta({ by: [...alone, 'gateway'] }),
  FARMBELL_PORT: port
    .optional()
    .describe('port of the gateway')
    .meta({ by: [...alone, 'gateway'], otherwise: '8080, or the next free one' }),
  FARMBELL_PUBLIC_URL: url(/^https?:$/, 'https://farmbell.example.org')
    .optional()
    .describe('how people and receivers reach the gateway; links in messages begin with it')
    .meta({ by: ['gateway', ...types], otherwise: '`http://<host>:<port>`' }),
  FARMBELL_GRPC_PORT: port
    .optional()
    .describe('port of gRPC publishing')
    .meta({ by: [...alone, 'printer-ingest'], otherwise: '50051, or the next free one' }),
  FARMBELL_METRICS_PORT: port
    .default(9464)
    .describe("a service's own /metrics, /healthz, /readyz")
    .meta({ by: ['every service but gateway'] }),
  FARMBELL_NATS_HOST: z.string().min(1).default('127.0.0.1').describe('where the embedded NATS listens').meta({ by: alone }),
  FARMBELL_NATS_PORT: port
    .optional()
    .describe('port of the embedded NATS')
    .meta({ by: alone, otherwise: '4222, or the next free one' }),
  NATS_URL: url(/^(nats|tls):$/, 'nats://user:password@host:4222')
    .optional()
    .describe('external NATS 2.12 or newer; by tls:// it is encrypted or not made')
    .meta({ by: every, otherwise: 'embedded' }),
  FARMBELL_NATS_CA: z
    .string()
    .optional()
    .describe('file of the certificates by which alone a NATS of tls:// is known; none: those that Node.js knows')
    .meta({ by: every }),
  FARMBELL_NATS_CERT: z
    .string()
    .optional()
    .describe('certificate file that a NATS of tls:// asks of its clients')
    .meta({ by: every }),
  FARMBELL_NATS_KEY: z.string().optional().describe('key file of FARMBELL_NATS_CERT').meta({ by: every }),
  FARMBELL_NATS_REPLICAS: z
    .enum(['1', '3', '5'], 'must be 1, 3 or 5')
    .default('1')
    .transform(Number)
    .describe('on how many servers of an external NATS cluster each message is kept')
    .meta({ by: every }),
  DATABASE_URL: url(/^postgres(ql)?:$/, 'postgres://user:password@host:5432/farmbell')
    .optional()
    .describe('external PostgreSQL 15 or newer')
    .meta({ by: ['every service but printer-ingest'], otherwise: 'embedded' }),
  FARMBELL_ADMIN_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('admin bearer token, at least 16 characters')
    .meta({ by: ['gateway'], otherwise: 'generated, kept in `<data dir>/admin-token`' }),
  FARMBELL_SECRET_KEYS: z
    .string()
    .optional()
    .describe('Fernet keys, comma-separated; the first seals, all open')
    .meta({ by: ['rules', 'gateway', ...types], otherwise: 'generated, kept in `<data dir>/secret-keys`' }),
  FARMBELL_ALLOW_HTTP_WEBHOOKS: flag.default(false).describe('accept http:// webhook URLs').meta({ by: types }),
  FARMBELL_EGRESS_ALLOW: z
    .string()
    .refine(
      (v) => v.trim() === '' || v.split(',').every((one) => one.trim() === '' || isCidr(one)),
      'must be CIDRs such as 192.168.1.20/32,fd00::/8: a single address has /32 (IPv6: /128) behind it',
    )
    .default('')
    .describe('CIDRs outside the public internet that deliveries may reach, comma-separated')
    .meta({ by: types }),
  FARMBELL_DISCORD_ORIGIN: origin
    .optional()
    .describe('send Discord messages to this origin instead')
    .meta({ by: ['discord'], otherwise: theirs }),
  FARMBELL_SLACK_ORIGIN: origin
    .optional()
    .describe('send Slack messages to this origin instead')
    .meta({ by: ['slack'], otherwise: theirs }),
  FARMBELL_TELEGRAM_ORIGIN: origin
    .optional()
    .describe('send Telegram messages to this origin instead')
    .meta({ by: ['telegram'], otherwise: theirs }),
  FARMBELL_PUSHOVER_ORIGIN: origin
    .optional()
    .describe('send Pushover messages to this origin instead')
    .meta({ by: ['pushover'], otherwise: theirs }),
  FARMBELL_DEDUP_S: whole(1, 86_400)
    .default(600)
    .describe('for how long a repeated event id is known at once, seconds')
    .meta({ by: every }),
  FARMBELL_RETENTION_DAYS: whole(1, 3650)
    .default(30)
    .describe('how long events, deliveries and attempts are kept')
    .meta({ by: every }),
  FARMBELL_PUBLISH_PER_S: whole(0, 1_000_000)
    .default(0)
    .describe('publishing rate per account, events a second; 0: off')
    .meta({ by: ['gateway', 'printer-ingest'] }),
  FARMBELL_TLS_CERT: z
    .string()
    .optional()
    .describe('certificate file for gateway and gRPC')
    .meta({ by: ['gateway', 'printer-ingest'] }),
  FARMBELL_TLS_KEY: z
    .string()
    .optional()
    .describe('key file for gateway and gRPC')
    .meta({ by: ['gateway', 'printer-ingest'] }),
  FARMBELL_NATS_SYNC: z
    .enum(['always', '100ms', '500ms', '1s', '5s', '10s', '30s', '1m', '2m'], 'must be always or a duration such as 1s')
    .default('1s')
    .describe('how soon the embedded NATS writes to disk for good')
    .meta({ by: alone }),
  FARMBELL_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least severity that is logged')
    .meta({ by: every }),
  OTEL_EXPORTER_OTLP_ENDPOINT: collector
    .optional()
    .describe('collector that takes traces by OTLP over HTTP, e.g. http://127.0.0.1:4318; none: no traces are exported')
    .meta({ by: every }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector
    .optional()
    .describe('the same, as the whole address, path included')
    .meta({ by: every }),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .string()
    .optional()
    .describe('how traces are sent: http/protobuf alone is spoken, and another word is complained of')
    .meta({ by: every, otherwise: '`http/protobuf`' }),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z
    .string()
    .optional()
    .describe('the same, for traces alone')
    .meta({ by: every, otherwise: '`http/protobuf`' }),
};

const schema = z.object(settings);
export type Settings = z.infer<typeof schema>;

export class ConfigError extends Error {}

const together = [
  ['FARMBELL_TLS_CERT', 'FARMBELL_TLS_KEY'],
  ['FARMBELL_NATS_CERT', 'FARMBELL_NATS_KEY'],
] as const;

/** Reads and checks the environment; throws one ConfigError that lists every fault by variable. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Settings {
  // an empty variable is an unset one: compose files and shells make them
  const given = Object.fromEntries(
    Object.keys(settings)
      .filter((name) => env[name])
      .map((name) => [name, env[name]]),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('\n'));
  }
  for (const [one, other] of together) {
    if (Boolean(parsed.data[one]) !== Boolean(parsed.data[other]))
      throw new ConfigError(`${one} and ${other} go together: set both or neither`);
  }
  return parsed.data;
}

/** The settings that a service cannot run without; the all-in-one process fills them in itself. */
export function need<K extends keyof Settings>(config: Settings, name: K): NonNullable<Settings[K]> {
  const value = config[name];
  if (value === undefined || value === null) throw new ConfigError(`${name} must be set: ${settings[name].description}`);
  return value as NonNullable<Settings[K]>;
}

export const publicUrl = (config: Settings): string =>
  config.FARMBELL_PUBLIC_URL ??
  `${config.FARMBELL_TLS_CERT ? 'https' : 'http'}://${config.FARMBELL_HOST}:${config.FARMBELL_PORT ?? 8080}`;
