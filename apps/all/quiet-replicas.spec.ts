import { setTimeout as delay } from 'node:timers/promises';
import { newKey } from '#runtime';
import { endServices, receiver, type ServiceProcess, serviceProcess, testDatabase, testNats, until } from '#testing';

afterEach(endServices);

const token = 'test-admin-token-0123456789';
const minuteMs = 60_000;
const clock = (at: number) => new Date(at).toISOString().slice(11, 16);

it('tells one digest, whichever of two replicas of rules is killed when the quiet hours end', async () => {
  const [nats, database, sink] = await Promise.all([testNats(), testDatabase(), receiver()]);
  const env = {
    DATABASE_URL: database.url,
    FARMBELL_SECRET_KEYS: newKey(),
    FARMBELL_ADMIN_TOKEN: token,
    FARMBELL_ALLOW_HTTP_WEBHOOKS: 'true',
    FARMBELL_EGRESS_ALLOW: '127.0.0.0/8',
  };
  const start = (name: string) => serviceProcess(name, { ...env, NATS_URL: nats.urlOf(name) });
  const [gateway, first, second, ...others] = await Promise.all(['gateway', 'rules', 'rules', 'webhook', 'journal'].map(start));
  const rules = [first!, second!];
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`http://127.0.0.1:${gateway!.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: JSON.stringify(body),
    });
    expect([path, answer.ok]).toEqual([path, true]);
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    return (await answer.json()) as any;
  };
  const end = async (service: ServiceProcess) => {
    await service.end('SIGKILL');
    return start('rules');
  };

  // the next full minute that leaves time for what comes before it
  const ends = Math.ceil((Date.now() + 15_000) / minuteMs) * minuteMs;
  await call('PUT', '/v1/quiet-hours', { start: clock(ends - 3600_000), end: clock(ends), timezone: 'UTC' });
  const channels = ['a', 'b', 'c'];
  for (const name of channels)
    await call('POST', '/v1/channels', { name, type: 'webhook', settings: { url: `${sink.origin}/${name}` } });
  const publish = (n: number) => call('POST', '/v1/events', { id: `e${n}`, type: 'job.failed', printer: { id: 'p1' } });
  for (let n = 0; n < 20; n++) await publish(n);
  rules[0] = await end(rules[0]!);
  for (let n = 20; n < 40; n++) await publish(n);
  // at the end each is killed once; whichever is at it, the other goes on
  await delay(ends - Date.now() + 500);
  rules[1] = await end(rules[1]!);
  rules[0] = await end(rules[0]!);

  const digests = () => sink.requests.filter(({ json }) => json.type === 'channel.digest');
  await until('each channel has its digest', 60_000, async () => digests().length === channels.length);
  await publish(99);
  await until('the day goes on', 30_000, async () => sink.requests.filter(({ json }) => json.id === 'e99').length === 3);
  expect(
    digests()
      .map(({ url, json }) => [url, json.data.count])
      .sort(),
  ).toEqual(channels.map((name) => [`/${name}`, 40]));
  expect(sink.requests).toHaveLength(6);
  const suppressed = async () => (await call('GET', '/v1/deliveries?outcome=suppressed&limit=500')).data.length;
  await until('all are listed', 20_000, async () => (await suppressed()) === 120);

  await Promise.all([gateway!, ...rules, ...others].map((service) => service.end('SIGTERM')));
  await nats.stop();
  await database.drop();
  await sink.close();
}, 240_000);
