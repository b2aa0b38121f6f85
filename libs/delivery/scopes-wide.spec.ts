import { until } from '#testing';
import { clock, settled } from './samples.js';
import { type Leave, type Limit, Scopes } from './scopes.js';

const { now, stop } = clock();
afterAll(stop);

// a chat within its bot
const chat = (n: number, more: Partial<Limit> = {}): Limit => ({ key: `chat${n}`, ...more });

it('a call counts in every scope, the narrowest entered first', async () => {
  const scopes = new Scopes(now);
  const bot: Limit = { key: 'bot', atOnce: 1 };
  const came: string[] = [];
  const leaves: Leave[] = [];
  const enter = async (name: string, limits: Limit[]) => {
    leaves.push((await scopes.enter({ limits, group: name }))!);
    came.push(name);
  };
  void enter('a1', [chat(1, { atOnce: 1 }), bot]);
  void enter('a2', [chat(1, { atOnce: 1 }), bot]);
  void enter('b1', [chat(2, { atOnce: 1 }), bot]);
  for (let left = 0; left < 3; left++) {
    await settled();
    leaves[left]!(true);
  }
  // the second of a chat stands in no other chat's way
  expect(came).toEqual(['a1', 'b1', 'a2']);
});

it('who is woken or too late in a wide scope gives up its place in the narrow one', async () => {
  const scopes = new Scopes(now);
  const limits = [chat(1, { atOnce: 1, rates: [[1, 3600_000]] }), { key: 'bot' }];
  scopes.pause('bot', 3600_000);
  for (const end of [() => scopes.wake('c1'), () => {}]) {
    const entering = scopes.enter({ limits, group: 'c1', until: now() + 50 });
    await settled();
    end();
    expect(await entering).toBeUndefined();
  }
  expect(await scopes.enter({ limits: [limits[0]!], group: 'c1' })).toBeInstanceOf(Function);
});

it('who passes from one scope to the next is woken too', async () => {
  const scopes = new Scopes(now);
  scopes.pause('bot', 3600_000);
  const entering = scopes.enter({ limits: [chat(1), { key: 'bot' }], group: 'c1' });
  // it has entered the first one, and does not wait for the second yet
  scopes.wake('c1');
  expect(await entering).toBeUndefined();
});

it("a narrow scope's rate counts from the call, however long the wide one held it up", async () => {
  const scopes = new Scopes(now);
  const limits = [chat(1, { rates: [[1, 80]] }), { key: 'bot' }];
  const at: number[] = [];
  scopes.pause('bot', 300);
  for (let n = 0; n < 4; n++)
    void scopes.enter({ limits, group: 'c1' }).then((leave) => {
      at.push(now());
      leave!(true);
    });
  await until('all came', 10_000, () => at.length === 4);
  for (let n = 1; n < 4; n++) expect(at[n]! - at[n - 1]!).toBeGreaterThanOrEqual(80);
});

it('who waits in a wide scope while its narrow one is paused waits there, and keeps others from nothing', async () => {
  const scopes = new Scopes(now);
  const bot: Limit = { key: 'bot', atOnce: 1 };
  const leave = await scopes.enter({ limits: [chat(1), bot], group: 'c1' });
  let came = 0;
  const began = now();
  const second = scopes.enter({ limits: [chat(2), bot], group: 'c2' }).then((out) => {
    came = now();
    return out;
  });
  await settled();
  scopes.pause('chat2', 150);
  leave!(true);
  const other = await scopes.enter({ limits: [chat(3), bot], group: 'c3' });
  expect([came, other]).toEqual([0, expect.any(Function)]);
  other!(true);
  expect(await second).toBeInstanceOf(Function);
  expect(came - began).toBeGreaterThanOrEqual(150);
});

it('however they come, go and pause, no limit is exceeded, nobody is forgotten', async () => {
  const scopes = new Scopes(now);
  const bot: Limit = { key: 'bot', atOnce: 3, rates: [[4, 40]] };
  const calls: { key: number; at: number }[] = [];
  let underWay = 0;
  let most = 0;
  const call = async (n: number) => {
    const key = n % 3;
    const leave = await scopes.enter({
      limits: [chat(key, { atOnce: 1, rates: [[1, 15]] }), bot],
      group: `c${key}`,
      first: n % 7 === 0,
    });
    if (!leave) return call(n);
    if (n % 5 === 0) scopes.pause(`chat${key}`, 20);
    calls.push({ key, at: now() });
    most = Math.max(most, ++underWay);
    await new Promise((done) => setTimeout(done, n % 4));
    underWay--;
    leave(true);
    if (n % 9 === 0) scopes.wake(`c${key}`);
  };
  await Promise.all(Array.from({ length: 60 }, (_, n) => call(n)));
  expect(calls).toHaveLength(60);
  expect(most).toBeLessThanOrEqual(3);
  for (let n = 4; n < 60; n++) expect(calls[n]!.at - calls[n - 4]!.at).toBeGreaterThanOrEqual(40);
  for (const key of [0, 1, 2]) {
    const its = calls.filter((one) => one.key === key);
    for (let n = 1; n < its.length; n++) expect(its[n]!.at - its[n - 1]!.at).toBeGreaterThanOrEqual(15);
  }
});
