import { egressPolicy } from './egress.js';
import { client, closedPolicy, failure, web } from './receivers.js';

describe('the guard', () => {
  it.each([
    '10.0.0.1',
    '169.254.169.254',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '0.0.0.0',
    '2130706433',
    '0x7f.1',
    '127.1',
    '017700000001',
    '１２７.0.0.1',
    'localhost',
  ])('refuses %s before anything is sent', async (host) => {
    for (const scheme of ['http', 'https']) {
      const blocked = await failure(
        client({ policy: closedPolicy }).request({ url: `${scheme}://${host}:9/s3cret`, timeoutMs: 2000 }),
      );
      expect([blocked.reason, blocked.message]).toEqual(['blocked', expect.stringContaining('FARMBELL_EGRESS_ALLOW=')]);
      expect(blocked.message).not.toContain('s3cret');
      expect(blocked.message.includes('FARMBELL_ALLOW_HTTP_WEBHOOKS=true')).toBe(scheme === 'http');
    }
  });

  it('does not reach this machine by a name with a dot at the end', async () => {
    const call = client({ policy: closedPolicy }).request({ url: 'http://localhost.:9/', timeoutMs: 2000 });
    expect(['blocked', 'dns']).toContain((await failure(call)).reason);
  });

  it('refuses a name when one of its addresses is private', async () => {
    const resolve = async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.5', family: 4 },
    ];
    const blocked = await failure(
      client({ policy: closedPolicy, resolve }).request({ url: 'http://mixed.example/', timeoutMs: 2000 }),
    );
    expect([blocked.reason, blocked.message]).toEqual(['blocked', expect.stringContaining('10.0.0.5/32')]);
  });

  it('gives a rebinding name no window: what is checked is what is connected to', async () => {
    let reached = 0;
    const port = Number(
      new URL(
        await web((_, response) => {
          reached += 1;
          response.end();
        }),
      ).port,
    );
    const answers = ['192.0.0.8', '127.0.0.1'];
    let asked = 0;
    const resolve = async () => [{ address: answers[Math.min(asked++, 1)]!, family: 4 }];
    // 192.0.0.8 is a dummy that answers nobody (RFC 7600); it stands for a public address here.
    const policy = egressPolicy({ allow: ['192.0.0.8/32'], forbidden: [], trusted: [] });
    const http = client({ policy, resolve });
    const url = `http://rebind.example:${port}/`;
    expect(['timeout', 'network']).toContain((await failure(http.request({ url, timeoutMs: 300 }))).reason);
    expect((await failure(http.request({ url, timeoutMs: 2000 }))).reason).toBe('blocked');
    expect([asked, reached]).toEqual([2, 0]);
  });

  it('connects to the checked address under the name', async () => {
    const url = new URL(await web((request, response) => response.end(request.headers.host)));
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const reply = await client({ resolve }).request({ url: `http://lan.example:${url.port}/`, timeoutMs: 2000 });
    expect(reply.body).toBe(`lan.example:${url.port}`);
  });

  it("keeps away from Farmbell's own endpoints, also when they are known by name", async () => {
    const url = await web((_, response) => response.end());
    const port = Number(new URL(url).port);
    const named = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [{ host: 'db.internal', port }], trusted: [url] });
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    expect((await failure(client({ policy: named, resolve }).request({ url, timeoutMs: 2000 }))).reason).toBe('blocked');
    expect(
      (await failure(client({ policy: named, resolve }).request({ url: `http://alias.example:${port}`, timeoutMs: 2000 })))
        .reason,
    ).toBe('blocked');
    const plain = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [{ host: '127.0.0.1', port }], trusted: [url] });
    const blocked = await failure(client({ policy: plain, resolve }).request({ url, timeoutMs: 2000 }));
    expect(blocked.message).toMatch(/own NATS or database/);
  });

  it("lets the operator's own origin through", async () => {
    const url = await web((_, response) => response.end('mine'));
    const policy = egressPolicy({ allow: [], forbidden: [], trusted: [url] });
    expect((await client({ policy }).request({ url: `${url}/bot`, timeoutMs: 2000 })).body).toBe('mine');
    expect((await failure(client({ policy }).request({ url: await web(() => {}), timeoutMs: 2000 }))).reason).toBe('blocked');
  });

  it('tells a name without addresses, and asks once for calls at the same time', async () => {
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      await new Promise((done) => setTimeout(done, 50));
      throw Object.assign(new Error('getaddrinfo ENOTFOUND s3cret'), { code: 'ENOTFOUND' });
    };
    const http = client({ resolve });
    const all = await Promise.all(
      [1, 2, 3].map(() => failure(http.request({ url: 'https://nowhere.example/s3cret', timeoutMs: 2000 }))),
    );
    expect(all.map((one) => one.reason)).toEqual(['dns', 'dns', 'dns']);
    expect(all[0]!.message).toBe('The name nowhere.example cannot be resolved (ENOTFOUND)');
    expect(asked).toBe(1);
    expect(
      (await failure(client({ resolve: async () => [] }).request({ url: 'https://empty.example', timeoutMs: 2000 }))).reason,
    ).toBe('dns');
  });

  it('never sends a call that ran out of time while its name was looked up', async () => {
    let reached = 0;
    const port = Number(
      new URL(
        await web((_, response) => {
          reached += 1;
          response.end();
        }),
      ).port,
    );
    let answer = (_: { address: string; family: number }[]): void => {};
    const resolve = () =>
      new Promise<{ address: string; family: number }[]>((done) => {
        answer = done;
      });
    const http = client({ resolve });
    const late = await failure(http.request({ url: `http://slow.example:${port}/`, timeoutMs: 200 }));
    expect([late.reason, late.latencyMs < 1000]).toEqual(['timeout', true]);
    answer([{ address: '127.0.0.1', family: 4 }]);
    await new Promise((done) => setTimeout(done, 300));
    expect(reached).toBe(0);
  });
});
