import { type Answer, type Receiver, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';
import { pastFailures } from './past-failures.js';

const count = 900;
/** Sent out and not attempted at most. */
const ahead = 500;

let sink: Receiver;
let answer: () => Answer | Promise<Answer>;
let answered = 0;
let farm: Awaited<ReturnType<typeof testFarm>>;
beforeEach(async () => {
  answered = 0;
  sink = await receiver(async () => {
    const given = await answer();
    answered++;
    return given;
  });
  farm = await testFarm(modules);
}, 60_000);
afterEach(async () => {
  await farm?.stop();
  await sink?.close();
});

/** The replay of all that failed; how far it is by now. */
async function replay() {
  const settings = { url: sink.origin, timeout_s: 30 };
  const given = { name: 'hook', type: 'webhook', events: ['custom.failed'], settings };
  const channel = (await farm.call('POST', '/v1/channels', given)).body.id as string;
  await pastFailures(farm.database.url, { channel, type: 'custom.failed', count, printers: 200 });
  const body = { since: '2020-01-01T00:00:00Z', outcomes: ['failed'] };
  const { id, total } = (await farm.call('POST', `/v1/channels/${channel}/replay`, body)).body;
  expect(total).toBe(count);
  const now = async () => (await farm.call('GET', `/v1/replays/${id}`)).body as { done: number; state: string };
  const deliveries = async () =>
    (await farm.call('GET', `/v1/channels/${channel}/deliveries?limit=500`)).body.data as {
      outcome: string | null;
      replay_of: string | null;
      next_attempt_at: string | null;
    }[];
  return { now, deliveries };
}

it('goes on while its receiver fails: what waits for another attempt holds nothing up', async () => {
  answer = () => ({ status: 500 });
  const { now, deliveries } = await replay();
  expect(await until('it is done', 60_000, async () => (await now()).state === 'done' && now())).toMatchObject({ done: count });
  await until('each was attempted', 30_000, () => new Set(sink.requests.map(({ json }) => json.id)).size === count);
  await until('all of the newest wait for their next', 15_000, async () =>
    (await deliveries()).every((one) => one.replay_of && one.outcome === null && one.next_attempt_at),
  );
}, 120_000);

it('sends out no more than so many ahead of a receiver that does not answer, and the rest when it does', async () => {
  let open = () => {};
  const opened = new Promise<void>((done) => {
    open = done;
  });
  answer = () => opened.then(() => ({ status: 204 }));
  const { now } = await replay();
  await until('it waits for its receiver', 30_000, async () => sink.requests.length > 0 && (await now()).done === ahead);
  // by this time it would have gone on
  await farm.call('POST', '/v1/channels', { name: 'other', type: 'webhook', settings: { url: sink.origin } });
  await farm.restart();
  expect(await now()).toMatchObject({ done: ahead, state: 'running' });
  open();
  const whole = await until('it is done', 60_000, async () => {
    // asked before it is compared with what was answered by then
    const { done, state } = await now();
    expect(done).toBeLessThanOrEqual(answered + ahead);
    return state === 'done' && done;
  });
  expect(whole).toBe(count);
  await until('all have arrived', 30_000, () => new Set(sink.requests.map(({ json }) => json.id)).size === count);
}, 120_000);
