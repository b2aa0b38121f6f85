import { receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

it('says of every channel what became of an event there, and why', async () => {
  const statuses = [500, 204];
  const [steady, flaky, broken] = [
    await receiver(),
    await receiver(() => ({ status: statuses.shift() ?? 204 })),
    await receiver(() => ({ status: 400 })),
  ];
  const farm = await testFarm(modules);
  try {
    const make = async (name: string, more: object, url = steady.origin) => {
      const { status, body } = await farm.call('POST', '/v1/channels', { name, type: 'webhook', settings: { url }, ...more });
      expect([name, status]).toEqual([name, 201]);
      return body.id as string;
    };
    await make('delivered', {});
    await make('second try', {}, flaky.origin);
    await make('failed once', { retry: { mode: 'once' } }, broken.origin);
    await make('waiting', {}, broken.origin);
    await make('other events', { events: ['order.*'] });
    await make('graver', { min_severity: 'critical' });
    await make('other printers', { printers: ['p2'] });
    await make('tagged', { tags: ['pla'] });
    await make('off', { enabled: false });
    await farm.call('POST', '/v1/events', { id: 'e1', type: 'job.failed', printer: { id: 'p1' } });
    const why = async (): Promise<Record<string, [string, string]>> => {
      const { status, body } = await farm.call('GET', '/v1/events/e1/why');
      if (status !== 200) return {};
      const channels = body.channels as { name: string; decision: string; detail: string }[];
      return Object.fromEntries(channels.map(({ name, decision, detail }) => [name, [decision, detail]]));
    };
    await until('the second try is known', 30_000, async () => {
      const told = await why();
      return (
        told['second try']?.[1].includes('2 attempts') &&
        told['failed once']?.[0] === 'failed' &&
        told.waiting?.[1].includes('next')
      );
    });
    await make('made later', {});
    expect(await why()).toEqual({
      delivered: ['delivered', 'Delivered after 1 attempt.'],
      'second try': ['delivered', 'Delivered after 2 attempts.'],
      'failed once': ['failed', 'Failed after 1 attempt: invalid (HTTP 400).'],
      waiting: ['waiting', expect.stringMatching(/^\d attempts? so far, the last: invalid \(HTTP 400\); the next is at 20/)],
      'other events': ['not_selected', 'Its events do not select job.failed, or its format has no name for it.'],
      graver: ['filtered', 'min_severity: error is less than critical.'],
      'other printers': ['filtered', 'printers: p1 is none of them.'],
      tagged: ['filtered', 'tags: the printer has none of them.'],
      off: ['disabled', 'The channel is disabled.'],
      'made later': ['not_selected', 'The channel was made after the event.'],
    });
    expect((await farm.call('GET', '/v1/events/none/why')).status).toBe(404);

    // the page for people without a token, by the link that a vendor's format brings
    const vendor = await receiver();
    await make('octo', { settings: { url: vendor.origin, format: 'octoeverywhere' } });
    await farm.call('POST', '/v1/events', { type: 'job.failed', job: { name: '<Benchy>' }, printer: { id: 'p1' } });
    const { json } = await vendor.next(undefined, 15_000);
    const page = await until('the page is there', 10_000, async () => {
      const answer = await fetch(`${await farm.url()}${new URL(json.QuickViewUrl).pathname}`);
      return answer.status === 200 ? answer : undefined;
    });
    expect(await page.text()).toContain('Print Failed: &lt;Benchy&gt;');
    expect((await fetch(`${await farm.url()}/e/WyJkZWZhdWx0IiwiZTEiXQ.AAAAAAAAAAAAAAAAAAAAAAAA`)).status).toBe(404);
    await vendor.close();
  } finally {
    await farm.stop();
    await Promise.all([steady.close(), flaky.close(), broken.close()]);
  }
}, 60_000);
