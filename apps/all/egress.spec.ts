import { receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const refused = ['10.0.0.1', '169.254.169.254', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '2130706433'];

describe('with FARMBELL_EGRESS_ALLOW empty', () => {
  it('refuses literal addresses when they are saved, and says what to set', async () => {
    const farm = await testFarm(modules, { FARMBELL_EGRESS_ALLOW: '' });
    for (const host of refused) {
      const answer = await farm.call('POST', '/v1/channels', {
        name: host,
        type: 'webhook',
        settings: { url: `http://${host}/` },
      });
      expect([host, answer.status, answer.body.errors?.[0]?.path]).toEqual([host, 422, 'settings.url']);
      expect(answer.body.errors[0].message).toContain('FARMBELL_EGRESS_ALLOW');
    }
    await farm.stop();
  });

  it('refuses them again at connect time, names and redirects too, with the reason blocked', async () => {
    const inside = await receiver();
    const port = new URL(inside.origin).port;
    // saved while the operator allowed everything; then the allowance is withdrawn
    const farm = await testFarm(modules, { FARMBELL_EGRESS_ALLOW: '0.0.0.0/0,::/0' });
    for (const host of [...refused, 'localhost']) {
      const { status, body } = await farm.call('POST', '/v1/channels', {
        name: host,
        type: 'webhook',
        retry: { mode: 'once' },
        settings: { url: `http://${host}:${port}/`, timeout_s: 2 },
      });
      expect([host, status, body.errors]).toEqual([host, 201, undefined]);
    }
    await farm.restart({ FARMBELL_EGRESS_ALLOW: '' });
    await farm.call('POST', '/v1/events', { id: 'e1', type: 'job.failed' });
    const failed = await until('all failed', 15_000, async () => {
      const { data } = (await farm.call('GET', '/v1/deliveries?outcome=failed&type=job.failed')).body;
      return data.length === refused.length + 1 && data;
    });
    for (const delivery of failed) {
      expect(delivery.reason).toBe('blocked');
      expect(delivery.attempts).toEqual([expect.objectContaining({ n: 1, status: null, reason: 'blocked' })]);
    }
    expect(inside.requests).toHaveLength(0);
    await farm.stop();
    await inside.close();
  }, 60_000);

  it('does not follow a redirect to a forbidden place', async () => {
    const inside = await receiver();
    const outside = await receiver(() => ({
      status: 307,
      headers: { location: `http://127.0.0.2:${new URL(inside.origin).port}/` },
    }));
    const farm = await testFarm(modules, { FARMBELL_EGRESS_ALLOW: '127.0.0.1/32' });
    await farm.call('POST', '/v1/channels', {
      name: 'redirects',
      type: 'webhook',
      retry: { mode: 'once' },
      settings: { url: outside.origin },
    });
    await farm.call('POST', '/v1/events', { id: 'e1', type: 'job.failed' });
    const [delivery] = await until('failed', 15_000, async () => {
      const { data } = (await farm.call('GET', '/v1/deliveries?outcome=failed')).body;
      return data.length > 0 && data;
    });
    expect(delivery.attempts[0]).toMatchObject({ status: 307, reason: 'blocked' });
    expect(inside.requests).toHaveLength(0);
    await farm.stop();
    await inside.close();
    await outside.close();
  });

  it("never reaches Farmbell's own servers, whatever is allowed", async () => {
    const farm = await testFarm(modules, { FARMBELL_EGRESS_ALLOW: '127.0.0.0/8' });
    for (const url of [farm.nats.url, farm.database.url]) {
      const answer = await farm.call('POST', '/v1/channels', {
        name: 'own',
        type: 'webhook',
        settings: { url: `http://127.0.0.1:${new URL(url).port}/` },
      });
      expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, 'settings.url']);
    }
    await farm.stop();
  });
});
