import { setTimeout as delay } from 'node:timers/promises';
import { ask, Bus, readFrom } from '#bus';
import { type ChannelCopy, type FarmEvent, type Report, subjects } from '#contracts';
import { newKey } from '#runtime';
import {
  endServices,
  type Receiver,
  receiver,
  type ServiceProcess,
  serviceProcess,
  testDatabase,
  testNats,
  until,
} from '#testing';

/** Shorter than a stop waits, and long enough that a lane that were given away meanwhile would be taken. */
const slowMs = 9000;

let nats: Awaited<ReturnType<typeof testNats>>;
let database: Awaited<ReturnType<typeof testDatabase>>;
let bus: Bus;
let sink: Receiver;
let services: ServiceProcess[];
let secretKeys: string;
/** When the first event is answered, as a test says. */
let mayAnswer: () => Promise<unknown>;
/** Events whose attempt at `/slow` was answered. */
let answered: string[];

beforeEach(async () => {
  [nats, database] = await Promise.all([testNats(), testDatabase()]);
  [services, answered, mayAnswer, secretKeys] = [[], [], () => Promise.resolve(), newKey()];
  sink = await receiver(async ({ url, json }) => {
    if (url !== '/slow') return undefined;
    if (json.id === 'e1') await mayAnswer();
    answered.push(json.id);
    return undefined;
  });
  await add('rules');
  // rules answers nobody else
  bus = await Bus.connect({ url: nats.url, name: 'gateway' });
}, 60_000);
afterEach(async () => {
  await bus?.close();
  endServices();
  await sink?.close();
  await nats?.stop();
  await database?.drop();
});

async function add(name: string): Promise<ServiceProcess> {
  const env = {
    DATABASE_URL: database.url,
    NATS_URL: nats.urlOf(name),
    FARMBELL_SECRET_KEYS: secretKeys,
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
  };
  const service = await serviceProcess(name, env);
  services.push(service);
  return service;
}
/** A new channel; in which lane its deliveries go. */
async function channel(id: string, path: string, events: string[]): Promise<number> {
  const settings = { url: `${sink.origin}${path}`, timeout_s: 30 };
  await ask(
    bus,
    'rules.channel.create',
    { account: 'default', id, channel: { name: id, type: 'webhook', events, settings } },
    20_000,
  );
  return (await (await bus.bucket('CHANNELS')).get(id))!.json<ChannelCopy>().lane;
}
const publish = (id: string, type: string) => {
  const time = new Date().toISOString();
  const event: FarmEvent = { id, type, time, severity: 'info', title: id, message: id, account: 'default', printer: { id: 'p' } };
  return bus.publish(subjects.event('default', type), event, { id: `default/${id}` });
};
const arrived = (path: string): string[] => sink.requests.filter(({ url }) => url === path).map(({ json }) => json.id);
/** Every report so far, when there are so many. */
const reports = (count: number) =>
  until(`${count} reports`, 30_000, async () => {
    const reader = await readFrom(bus, 'ATTEMPTS', 1);
    const all = [];
    while (all.length < reader.behind) all.push(...(await reader.take(1000, 1000)));
    await reader.close();
    return all.length >= count ? all.map((message) => message.json<Report>()) : undefined;
  });
const gauge = async (name: string, { port }: ServiceProcess) => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{type="webhook"\\} (\\d+)$`, 'm').exec(text)?.[1]);
};
const lanesOf = (service: ServiceProcess) => gauge('farmbell_lanes_owned', service);
const share = (one: ServiceProcess, two: ServiceProcess) =>
  until('both have their lanes', 60_000, async () => (await lanesOf(one)) === 8 && (await lanesOf(two)) === 8);
const over = ({ pid }: ServiceProcess) =>
  until('it has stopped', 30_000, () => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
const outputs = () => services.map((service) => service.output()).join('');

it('SIGTERM: a slow attempt is finished and not repeated, and only its own lane waits for it', async () => {
  const both = await Promise.all([add('webhook'), add('webhook')]);
  const slow = await channel('slow', '/slow', ['job.started']);
  const others: string[] = [];
  for (let n = 0; n < 20; n++)
    if ((await channel(`other-${n}`, '/other', [`custom.n${n}`])) !== slow) others.push(`custom.n${n}`);
  await share(...both);
  let answer = () => {};
  const asked = new Promise<void>((done) => {
    answer = done;
  });
  mayAnswer = () => Promise.all([asked, delay(slowMs)]);
  await publish('e1', 'job.started');
  await sink.next(({ url }) => url === '/slow', 15_000);
  await publish('e2', 'job.started');
  const [first, second] = both;
  const stops = (await gauge('farmbell_deliveries_in_flight', first)) > 0 ? first : second;
  const stays = stops === first ? second : first;

  stops.signal('SIGTERM');
  for (const type of others) await publish(type, type);
  await until('the others have theirs', 15_000, () => arrived('/other').length === others.length);
  expect([answered, arrived('/slow')]).toEqual([[], ['e1']]);
  answer();

  await over(stops);
  await sink.next(({ json }) => json.id === 'e2', 15_000);
  await until('the one that stays has every lane', 15_000, async () => (await lanesOf(stays)) === 16);
  const events = ['e1', 'e2', ...others];
  const told = (await reports(events.length)).map(({ event_id, outcome, attempt }) => `${event_id} ${outcome} ${attempt?.n}`);
  expect(told.sort()).toEqual(events.map((id) => `${id} delivered 1`).sort());
  expect([arrived('/slow'), answered]).toEqual(Array(2).fill(['e1', 'e2']));
  expect(arrived('/other').sort()).toEqual(others.sort());
  expect(outputs()).toBe('');
}, 120_000);

it('a replica that comes gets its part of the lanes when what is under way in them has ended', async () => {
  const one = await add('webhook');
  const ids = Array.from({ length: 24 }, (_, n) => `c${n}`);
  const lanes = new Set<number>();
  for (const id of ids) lanes.add(await channel(id, '/slow', ['job.started']));
  // so that some of those that are given are among them
  expect(lanes.size).toBeGreaterThan(8);
  let moves = () => {};
  const moved = new Promise<void>((done) => {
    moves = done;
  });
  mayAnswer = () => moved.then(() => delay(slowMs));
  await publish('e1', 'job.started');
  await until('every attempt is under way', 15_000, () => arrived('/slow').length === ids.length);

  const two = await add('webhook');
  await until('the first one reads no more than its part', 15_000, async () => (await lanesOf(one)) === 8);
  moves();
  await share(one, two);
  await publish('e2', 'job.started');
  const told = await reports(2 * ids.length);
  expect(told.map(({ outcome, attempt }) => `${outcome} ${attempt?.n}`)).toEqual(told.map(() => 'delivered 1'));
  expect(arrived('/slow')).toEqual([...ids.map(() => 'e1'), ...ids.map(() => 'e2')]);
  expect(outputs()).toBe('');
}, 120_000);
