import { connect, errors, type NatsConnection } from '@nats-io/transport-node';
import { channelTypes, natsUsers } from '#contracts';
import { natsTarget } from '#servers';
import { type TestNats, testNats, until } from '#testing';

/** Who may publish where, said here anew and by name: the table in the code must come to the same. */
const writers: Record<string, string[]> = {
  'farmbell.ingest.default.job.started': ['publisher'],
  'farmbell.event.default.job.started': ['gateway', 'printer-ingest'],
  'farmbell.event.default.channel.disabled': ['gateway', 'printer-ingest', 'rules'],
  'farmbell.event.default.channel.failing': ['gateway', 'printer-ingest', 'rules', 'health'],
  'farmbell.routed.default': ['rules'],
  'farmbell.delivery.discord.3.ch1': ['rules', 'journal'],
  'farmbell.cursor.rules': ['rules'],
  'farmbell.quiet.ch1': ['rules'],
  'farmbell.attempt.discord.ch1': ['rules', 'discord'],
  'farmbell.attempt.webhook.ch1': ['rules', 'webhook'],
  'farmbell.command.channel.disable.ch1': ['health'],
  'farmbell.rejected.health': ['health'],
  '$KV.CHANNELS.ch1': ['rules'],
  '$KV.PRINTERS.default.eDE': ['rules'],
  '$KV.ACCOUNTS.school': ['gateway'],
  '$KV.LEASES.rules': ['rules'],
  '$KV.LEASES.journal': ['journal'],
  '$KV.LEASES.printer-ingest': ['printer-ingest'],
  '$KV.LEASES.lane.discord.3': ['discord'],
  '$O.SNAPSHOTS.C.x': ['gateway', 'printer-ingest'],
  // questions, and answers to who asked
  'farmbell.ask.rules.channel.create': ['gateway'],
  'farmbell.ask.rules.channel.copy': ['gateway', ...channelTypes],
  'farmbell.ask.gateway.token.verify': ['printer-ingest'],
  'farmbell.ask.discord.settings.check': ['rules'],
  'farmbell.ask.journal.event.known': ['gateway', 'printer-ingest', 'rules'],
  '_INBOX_gateway.x.y': ['rules', 'health', 'journal', ...channelTypes],
  '_INBOX_publisher.x.y': [],
  // reading is asking the server to send
  '$JS.API.CONSUMER.CREATE.EVENTS.any': ['gateway', 'printer-ingest', 'rules', 'journal'],
  '$JS.API.CONSUMER.CREATE.EVENTS.any.farmbell.event.default.>': ['gateway'],
  '$JS.API.CONSUMER.MSG.NEXT.INGEST.printer-ingest': ['printer-ingest'],
  '$JS.API.CONSUMER.MSG.NEXT.COMMANDS.rules': ['rules'],
  '$JS.API.CONSUMER.CREATE.DELIVERIES.quiet.farmbell.quiet.*': ['rules'],
  '$JS.API.CONSUMER.CREATE.DELIVERIES.any': [],
  '$JS.API.CONSUMER.CREATE.DELIVERIES.any.farmbell.delivery.>': [],
  '$JS.API.CONSUMER.CREATE.DELIVERIES.any.farmbell.delivery.discord.3.*': ['discord'],
  '$JS.API.CONSUMER.CREATE.ATTEMPTS.any': ['gateway', 'health', 'journal'],
  '$JS.API.CONSUMER.CREATE.ATTEMPTS.any.farmbell.attempt.webhook.*': ['webhook'],
  '$JS.API.CONSUMER.CREATE.KV_CHANNELS.any.$KV.CHANNELS.>': ['rules', 'health', 'journal', ...channelTypes],
  '$JS.API.DIRECT.GET.KV_CHANNELS.$KV.CHANNELS.ch1': ['rules', 'health', 'journal', ...channelTypes],
  '$JS.API.STREAM.MSG.GET.EVENTS': [],
  '$JS.API.STREAM.MSG.GET.DELIVERIES': ['rules'],
  '$JS.ACK.COMMANDS.rules.1.1.1.1.0': ['rules'],
  '$JS.ACK.hub.hash.COMMANDS.rules.1.1.1.1.0': ['rules'],
  '$JS.ACK.ATTEMPTS.health.1.1.1.1.0': [],
  // how full each is: told by the journal
  '$JS.API.STREAM.INFO.KV_PRINTERS': ['gateway', 'printer-ingest', 'rules', 'journal'],
  '$JS.API.STREAM.INFO.KV_ACCOUNTS': ['gateway', 'printer-ingest', 'journal'],
  '$JS.API.STREAM.INFO.OBJ_SNAPSHOTS': ['gateway', 'printer-ingest', 'journal', ...channelTypes],
  // streams: made by any service, changed by the one that keeps them, removed by nobody
  '$JS.API.STREAM.CREATE.EVENTS': ['gateway', 'printer-ingest', 'rules', 'health', 'journal', ...channelTypes],
  '$JS.API.STREAM.UPDATE.EVENTS': ['rules'],
  '$JS.API.STREAM.UPDATE.KV_CHANNELS': ['rules'],
  '$JS.API.STREAM.UPDATE.KV_ACCOUNTS': ['gateway'],
  '$JS.API.STREAM.CREATE.OTHER': [],
  '$JS.API.STREAM.DELETE.EVENTS': [],
  '$JS.API.STREAM.PURGE.EVENTS': [],
  '$JS.API.STREAM.MSG.DELETE.EVENTS': [],
  '$JS.API.STREAM.NAMES': [],
  '$SYS.REQ.SERVER.PING': [],
};

const listeners: Record<string, string[]> = {
  '_INBOX_gateway.x': ['gateway'],
  '_INBOX_rules.>': ['rules'],
  '_INBOX.>': ['publisher'],
  'farmbell.ask.gateway.token.verify': ['gateway'],
  'farmbell.ask.discord.>': ['discord'],
  'farmbell.event.>': [],
  'farmbell.ingest.>': [],
  'farmbell.delivery.discord.>': [],
  '$KV.CHANNELS.>': [],
  '$JS.EVENT.ADVISORY.>': [],
  '>': [],
};

const sentinel = 'nobody.may.this';
let nats: TestNats;
const refused = new Map<string, { publish: Set<string>; subscription: Set<string> }>();

beforeAll(async () => {
  nats = await testNats();
  await Promise.all(Object.keys(natsUsers).map((user) => tryAll(user)));
});
afterAll(() => nats?.stop());

/** Everything as one user: a refusal comes apart from the call, so the last of all is one that is sure to be refused. */
async function tryAll(user: string): Promise<void> {
  const nc = await connect({ ...natsTarget(nats.urlOf(user)), reconnect: false });
  const found = { publish: new Set<string>(), subscription: new Set<string>() };
  refused.set(user, found);
  void note(nc, found);
  // no callback would make the refusal an error of the loop that reads
  for (const subject of Object.keys(listeners)) nc.subscribe(subject, { callback: () => {} });
  for (const subject of [...Object.keys(writers), sentinel]) nc.publish(subject);
  await until(`${user} was told everything`, 10_000, () => found.publish.has(sentinel));
  await nc.close();
}

async function note(nc: NatsConnection, found: { publish: Set<string>; subscription: Set<string> }): Promise<void> {
  for await (const status of nc.status())
    if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
      found[status.error.operation].add(status.error.subject);
}

const allowed = (operation: 'publish' | 'subscription', subject: string) =>
  [...refused].filter(([, found]) => !found[operation].has(subject)).map(([user]) => user);

it.each(Object.entries(writers))('%s is written by %j alone', (subject, users) =>
  expect(allowed('publish', subject).sort()).toEqual([...users].sort()),
);

it.each(Object.entries(listeners))('%s is heard by %j alone', (subject, users) =>
  expect(allowed('subscription', subject).sort()).toEqual([...users].sort()),
);

it('has no user but those, and none without a password', async () => {
  const { host } = new URL(nats.url);
  for (const url of [`nats://${host}`, `nats://rules:wrong@${host}`, `nats://nobody:x@${host}`])
    await expect(connect({ ...natsTarget(url), reconnect: false })).rejects.toThrow(/authorization violation/i);
});
