import { type ReceivedRequest, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

const minute = (at: number) => new Date(at).toISOString().slice(11, 16);
/** Quiet hours that hold now, and for two hours more. */
const quiet = () => ({ start: minute(Date.now() - 3600_000), end: minute(Date.now() + 7200_000), timezone: 'UTC' });

it('holds back what is not critical, lists it as suppressed, and tells it in one digest when the quiet hours end', async () => {
  const farm = await testFarm(modules);
  const sinks = new Map<string, Awaited<ReturnType<typeof receiver>>>();
  try {
    await farm.call('POST', '/v1/organizations', { id: 'school' });
    const make = async (name: string, { settings, ...more }: { settings?: object } & Record<string, unknown> = {}) => {
      const sink = await receiver();
      sinks.set(name, sink);
      const given = { name, type: 'webhook', settings: { url: sink.origin, ...settings }, ...more };
      const { status, body } = await farm.call('POST', '/v1/channels', given);
      expect([name, status]).toEqual([name, 201]);
      return body.id as string;
    };
    const got = (name: string, of: (request: ReceivedRequest) => unknown = ({ json }) => json.type) =>
      sinks.get(name)!.requests.map(of);
    const plain = await make('plain');
    await make('odin', { settings: { format: 'odin' }, events: ['job.failed'] });
    await make('awake', { quiet_hours: { enabled: false } });
    await make('school', { organization: 'school' });
    await make('no digest', { quiet_hours: { ...quiet(), digest: false } });
    const put = async (path: string, body: object) => expect((await farm.call('PUT', path, body)).status).toBe(200);
    await put('/v1/quiet-hours', quiet());
    await put('/v1/organizations/school/quiet-hours', { enabled: false });

    const publish = async (id: string, more: object) =>
      expect((await farm.call('POST', '/v1/events', { id, organization: 'school', ...more })).status).toBe(202);
    await publish('e1', { type: 'job.succeeded', job: { name: 'Gear' } });
    await publish('e2', { type: 'job.failed', job: { name: 'Benchy' }, printer: { id: 'p1' } });
    await publish('e3', { type: 'detection.spaghetti', printer: { id: 'p1' } });

    // what is critical at once, and all of it where nothing is quiet
    const arrived = async () => got('awake').length === 3 && got('school').length === 3 && got('plain').length === 1;
    await until('what is due has arrived', 15_000, arrived);
    const all = ['detection.spaghetti', 'job.failed', 'job.succeeded'];
    expect([got('awake').sort(), got('school').sort()]).toEqual([all, all]);
    expect([got('plain'), got('odin'), got('no digest')]).toEqual([['detection.spaghetti'], [], ['detection.spaghetti']]);

    const listed = async () => (await farm.call('GET', `/v1/channels/${plain}/deliveries?outcome=suppressed`)).body.data;
    const suppressed = await until('both are listed', 10_000, async () => ((await listed()).length === 2 ? listed() : undefined));
    expect(suppressed).toMatchObject([
      { event_id: 'e2', outcome: 'suppressed', reason: null, attempts: [] },
      { event_id: 'e1', outcome: 'suppressed', reason: null, attempts: [] },
    ]);
    const decisions = async () => {
      const { body } = await farm.call('GET', '/v1/events/e2/why');
      return Object.fromEntries(body.channels.map(({ name, decision }: Record<string, string>) => [name, decision]));
    };
    await until('the deliveries are known', 10_000, async () => (await decisions()).school === 'delivered');
    expect(await decisions()).toEqual({
      plain: 'quiet',
      odin: 'quiet',
      'no digest': 'quiet',
      awake: 'delivered',
      school: 'delivered',
    });

    // a restart loses nothing of it
    await farm.restart();
    await put('/v1/quiet-hours', { enabled: false });
    await until('the digests have arrived', 30_000, async () => got('plain').length === 2 && got('odin').length === 1);
    const digest = sinks.get('plain')!.requests[1]!.json;
    expect(digest).toMatchObject({
      type: 'channel.digest',
      severity: 'info',
      data: {
        channel_name: 'plain',
        count: 2,
        types: { 'job.failed': 1, 'job.succeeded': 1 },
        lines: ['Print Complete: Gear', 'Print Failed: Benchy (p1)'],
      },
    });
    expect(got('odin', ({ json }) => json)).toEqual([
      {
        event: 'quiet_hours_digest',
        org: 'default',
        window_ended_at: expect.any(String),
        alert_count: 1,
        alerts: [
          {
            alert_type: 'print_failed',
            severity: 'critical',
            title: 'Print Failed: Benchy (p1)',
            created_at: expect.any(String),
          },
        ],
        truncated: 0,
      },
    ]);
    // it is an event like any other: listed, and asked why
    const digests = async () => (await farm.call('GET', '/v1/events?type=channel.digest')).body.data;
    await until('both are listed', 10_000, async () => (await digests()).length === 2);
    const told = await until('its delivery is known', 10_000, async () => {
      const { body } = await farm.call('GET', `/v1/events/${digest.id}/why`);
      const of = body.channels?.find(({ name }: { name: string }) => name === 'plain');
      return of?.decision === 'delivered' ? body.channels : undefined;
    });
    expect(told.filter(({ decision }: { decision: string }) => decision !== 'not_selected')).toHaveLength(1);
    await farm.restart();
    await publish('e4', { type: 'job.started' });
    await until('the day goes on', 15_000, async () => got('plain').at(-1) === 'job.started');
    expect([got('plain').length, got('odin').length, got('no digest').length]).toEqual([3, 1, 1]);
  } finally {
    for (const sink of sinks.values()) await sink.close();
    await farm.stop();
  }
}, 120_000);
