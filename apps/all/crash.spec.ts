import { ask, Bus } from '#bus';
import { type FarmEvent, subjects } from '#contracts';
import { newKey } from '#runtime';
import {
  endServices,
  type ReceivedRequest,
  receiver,
  type ServiceProcess,
  serviceProcess,
  testDatabase,
  testNats,
  until,
} from '#testing';

afterEach(endServices);

const total = 2000;
/** As many deliveries may a round have that is written one by one. */
const roundOfFew = 16;
const printers = 20;

const eventOf = (n: number): FarmEvent => ({
  id: `e${n}`,
  type: 'job.started',
  severity: 'info',
  time: new Date().toISOString(),
  title: 't',
  message: 'm',
  account: 'default',
  printer: { id: `p${n % printers}` },
  data: { n },
});

async function farm() {
  const [nats, database, sink] = await Promise.all([testNats(), testDatabase(), receiver()]);
  const env = {
    DATABASE_URL: database.url,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
  };
  const services: ServiceProcess[] = [];
  const add = async (name: string) => {
    const service = await serviceProcess(name, { ...env, NATS_URL: nats.urlOf(name) });
    services.push(service);
    return service;
  };
  return {
    nats,
    sink,
    add,
    async channel(bus: Bus) {
      await ask(
        bus,
        'rules.channel.create',
        { account: 'default', id: 'c1', channel: { name: 'c', type: 'webhook', settings: { url: `${sink.origin}/` } } },
        20_000,
      );
    },
    async stop() {
      await Promise.all(services.map((service) => service.end('SIGTERM')));
      expect(services.map((service) => service.output()).join('')).not.toContain('the server refuses');
      await nats.stop();
      await database.drop();
      sink.close();
    },
  };
}

/** Publishes as a publisher should: the same id again until it is acknowledged. */
async function publish(bus: Bus, n: number): Promise<void> {
  const event = eventOf(n);
  for (;;) {
    try {
      await bus.publish(subjects.event('default', event.type), event, { id: `default/${event.id}`, timeoutMs: 2000 });
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

const numberOf = (request: ReceivedRequest) => (request.json as FarmEvent).data!.n as number;

/** First arrivals, in order for each printer. */
function outOfOrder(requests: ReceivedRequest[]): number {
  const last = new Map<number, number>();
  const seen = new Set<number>();
  let wrong = 0;
  for (const n of requests.map(numberOf)) {
    if (seen.has(n)) continue;
    seen.add(n);
    if (n < (last.get(n % printers) ?? -1)) wrong++;
    last.set(n % printers, n);
  }
  return wrong;
}

const missing = (requests: ReceivedRequest[]) => {
  const seen = new Set(requests.map(numberOf));
  return Array.from({ length: total }, (_, n) => n).filter((n) => !seen.has(n));
};

it('loses and repeats nothing when nats-server is killed under load', async () => {
  const { nats, sink, add, channel, stop } = await farm();
  await Promise.all([add('rules'), add('webhook')]);
  const bus = await Bus.connect({ url: nats.url, name: 'gateway' });
  await channel(bus);
  // the server tells of each message once it is stored: what is stored twice is told twice
  await bus.jsm.streams.update('DELIVERIES', { republish: { src: 'farmbell.delivery.>', dest: 'stored.>' } });
  const stored: string[] = [];
  const watch = bus.nc.subscribe('stored.>', { callback: (_, message) => void stored.push(message.json<{ id: string }>().id) });
  for (let n = 0; n < total; n++) {
    await Promise.all(n % 20 === 19 ? Array.from({ length: 20 }, (_, i) => publish(bus, n - 19 + i)) : []);
    if (n === 699 || n === 1399) {
      await nats.kill('SIGKILL');
      await nats.start();
    }
  }
  await until('every event', 60_000, () => missing(sink.requests).length === 0);
  const ids = sink.requests.map((request) => request.headers['webhook-id']);
  // an attempt that was under way at a kill may be repeated, nothing else
  expect(ids.length - new Set(ids).size).toBeLessThanOrEqual(2 * printers);
  expect(stored.length).toBeGreaterThan(total / 2);
  // a small round that was being written at a kill is written again, and the broker has forgotten what was acked of it
  expect(stored.length - new Set(stored).size).toBeLessThanOrEqual(2 * roundOfFew);
  watch.unsubscribe();
  await bus.close();
  await stop();
}, 120_000);

it('goes on in order when one of two replicas of rules and of webhook is killed', async () => {
  const { nats, sink, add, channel, stop } = await farm();
  const [rules, webhook] = await Promise.all([add('rules'), add('webhook')]);
  await Promise.all([add('rules'), add('webhook')]);
  const bus = await Bus.connect({ url: nats.url, name: 'gateway' });
  await channel(bus);
  for (let n = 0; n < total; n += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => publish(bus, n + i)));
    if (n === 600) await rules!.end('SIGKILL');
    if (n === 1200) await webhook!.end('SIGKILL');
  }
  await until('every event', 60_000, () => missing(sink.requests).length === 0);
  const ids = sink.requests.map((request) => request.headers['webhook-id']);
  expect(ids.length - new Set(ids).size).toBeLessThanOrEqual(printers);
  expect(outOfOrder(sink.requests)).toBe(0);
  await bus.close();
  await stop();
}, 120_000);
