import { receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

describe('a delivery that waits', () => {
  it("uses the settings of its attempt's time, also after a restart", async () => {
    const before = await receiver(() => ({ status: 503, headers: { 'retry-after': '2' } }));
    const after = await receiver();
    const farm = await testFarm(modules);
    const made = await farm.call('POST', '/v1/channels', { name: 'moved', type: 'webhook', settings: { url: before.origin } });
    await farm.call('POST', '/v1/events', { id: 'waits', type: 'job.failed' });
    const first = await before.next(undefined, 10_000);
    await farm.restart();
    expect((await farm.call('PATCH', `/v1/channels/${made.body.id}`, { settings: { url: `${after.origin}/new` } })).status).toBe(
      200,
    );
    const second = await after.next(undefined, 20_000);
    expect(second.url).toBe('/new');
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    const delivery = await until(
      'delivered',
      10_000,
      async () => (await farm.call('GET', '/v1/deliveries?outcome=delivered')).body.data[0],
    );
    expect(
      delivery.attempts.map((attempt: { status: number; reason: string | null }) => [attempt.status, attempt.reason]),
    ).toEqual([
      [503, 'server'],
      [204, null],
    ]);
    await before.close();
    await after.close();
    await farm.stop();
  }, 60_000);

  it('ends as cancelled when its channel is disabled or deleted', async () => {
    const sink = await receiver(() => ({ status: 503 }));
    const farm = await testFarm(modules);
    const make = async () =>
      (await farm.call('POST', '/v1/channels', { name: 'c', type: 'webhook', settings: { url: sink.origin } })).body.id as string;
    const [disabled, deleted] = [await make(), await make()];
    await farm.call('POST', '/v1/events', { type: 'job.failed' });
    const waiting = async () => (await farm.call('GET', '/v1/deliveries?outcome=waiting')).body.data;
    await until('both wait for a second attempt', 10_000, async () => {
      const found: { next_attempt_at: string | null }[] = await waiting();
      return found.length === 2 && found.every(({ next_attempt_at }) => next_attempt_at !== null);
    });
    await farm.call('POST', `/v1/channels/${disabled}/disable`);
    await farm.call('DELETE', `/v1/channels/${deleted}`);
    await until(
      'both cancelled',
      5_000,
      async () => (await farm.call('GET', '/v1/deliveries?outcome=cancelled')).body.data.length === 2,
    );
    expect(await waiting()).toHaveLength(0);
    await sink.close();
    await farm.stop();
  }, 60_000);

  it('never holds up another channel: a hanging receiver with a long queue, and a quick one in order', async () => {
    const hanging = await receiver(() => ({ delayMs: 20_000 }));
    const quick = await receiver();
    const farm = await testFarm(modules);
    await farm.call('POST', '/v1/channels', {
      name: 'hanging',
      type: 'webhook',
      settings: { url: hanging.origin, timeout_s: 30 },
    });
    await farm.call('POST', '/v1/channels', { name: 'quick', type: 'webhook', settings: { url: quick.origin } });
    const events = Array.from({ length: 1000 }, (_, n) => ({ id: `e${n}`, type: 'job.started', printer: { id: `p${n % 50}` } }));
    expect((await farm.call('POST', '/v1/events', events)).status).toBe(202);
    await until('all at the quick one', 15_000, () => quick.requests.length === 1000);
    expect(hanging.requests.length).toBeLessThan(200);
    const last = new Map<string, number>();
    for (const { json } of quick.requests) {
      const { id, printer } = json as { id: string; printer: { id: string } };
      expect(Number(id.slice(1))).toBeGreaterThan(last.get(printer.id) ?? -1);
      last.set(printer.id, Number(id.slice(1)));
    }
    await hanging.close();
    await quick.close();
    await farm.stop();
  }, 60_000);
});
