import { until } from '#testing';
import { clock, settled } from './samples.js';
import { type Entry, type Leave, type Limit, Scopes } from './scopes.js';

const { now, stop } = clock();
afterAll(stop);

/** Enters by a name, and notes who was let in, in order, and when. */
function gate(limits: readonly Limit[], scopes = new Scopes(now)) {
  const came: string[] = [];
  const at: number[] = [];
  const leaves = new Map<string, Leave>();
  const woken: string[] = [];
  const enter = async (name: string, more: Partial<Entry> = {}) => {
    const leave = await scopes.enter({ limits, group: 'c1', ...more });
    if (!leave) return void woken.push(name);
    came.push(name);
    at.push(now());
    leaves.set(name, leave);
  };
  const leave = (name: string, called = true) => leaves.get(name)!(called);
  return {
    scopes,
    came,
    at,
    woken,
    enter,
    leave,
    has: (count: number) => until(`${count} came`, 10_000, () => came.length >= count),
  };
}

describe('a limit of calls at once', () => {
  it('lets the next one in when one has left, in the order of arrival', async () => {
    const { enter, leave, came } = gate([{ key: 'k', atOnce: 2 }]);
    for (const name of ['a', 'b', 'c', 'd', 'e']) void enter(name);
    await settled();
    expect(came).toEqual(['a', 'b']);
    leave('b');
    await settled();
    expect(came).toEqual(['a', 'b', 'c']);
    leave('a', false);
    leave('c');
    await settled();
    expect(came).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('holds up no other scope', async () => {
    const { enter, came, scopes } = gate([{ key: 'k', atOnce: 1 }]);
    void enter('a');
    void enter('b');
    await settled();
    expect(await scopes.enter({ limits: [{ key: 'other', atOnce: 1 }], group: 'c2' })).toBeInstanceOf(Function);
    expect(came).toEqual(['a']);
  });

  it('lets those who are first in before the others, and in their own order', async () => {
    const { enter, leave, came } = gate([{ key: 'k', atOnce: 1 }]);
    void enter('a');
    for (const name of ['b', 'c']) void enter(name);
    for (const name of ['x', 'y']) void enter(name, { first: true });
    for (const name of ['a', 'x', 'y', 'b', 'c']) {
      await settled();
      leave(name);
    }
    expect(came).toEqual(['a', 'x', 'y', 'b', 'c']);
  });
});

describe('a rate', () => {
  it('is a window that slides: so many calls at once, and each next one no sooner than the window after', async () => {
    const { enter, came, at, leave, has } = gate([{ key: 'k', rates: [[3, 120]] }]);
    for (let n = 0; n < 8; n++) void enter(`${n}`).then(() => leave(`${n}`));
    await settled();
    expect(came).toEqual(['0', '1', '2']);
    await has(8);
    expect(came).toEqual([...'01234567']);
    for (let n = 3; n < 8; n++) expect(at[n]! - at[n - 3]!).toBeGreaterThanOrEqual(120);
  });

  it('holds beside another of the same scope', async () => {
    const { enter, at, has } = gate([
      {
        key: 'k',
        rates: [
          [1, 30],
          [3, 200],
        ],
      },
    ]);
    for (let n = 0; n < 5; n++) void enter(`${n}`);
    await has(5);
    for (let n = 1; n < 5; n++) expect(at[n]! - at[n - 1]!).toBeGreaterThanOrEqual(30);
    for (let n = 3; n < 5; n++) expect(at[n]! - at[n - 3]!).toBeGreaterThanOrEqual(200);
  });

  it('gets back what was not called', async () => {
    const { enter, leave, came } = gate([{ key: 'k', rates: [[1, 3600_000]] }]);
    await enter('a');
    void enter('b');
    await settled();
    expect(came).toEqual(['a']);
    leave('a', false);
    await settled();
    expect(came).toEqual(['a', 'b']);
    leave('b', true);
    void enter('c');
    await settled();
    expect(came).toEqual(['a', 'b']);
  });

  it('that has changed counts from now on', async () => {
    const { enter, came, scopes } = gate([{ key: 'k', rates: [[1, 3600_000]] }]);
    await enter('a');
    expect(await scopes.enter({ limits: [{ key: 'k', rates: [[5, 3600_000]] }], group: 'c1' })).toBeInstanceOf(Function);
    expect(came).toEqual(['a']);
  });
});

describe('a pause', () => {
  it('holds its scope until it is over, and no other', async () => {
    const { enter, came, at, scopes, has } = gate([{ key: 'k' }]);
    const began = now();
    scopes.pause('k', 100);
    void enter('a');
    expect(await scopes.enter({ limits: [{ key: 'other' }], group: 'c1' })).toBeInstanceOf(Function);
    expect(came).toEqual([]);
    await has(1);
    expect(at[0]! - began).toBeGreaterThanOrEqual(100);
  });

  it('is not shortened by a shorter one, and is told of each of the limits', () => {
    let time = 1000;
    const scopes = new Scopes(() => time);
    scopes.pause('k', 5000);
    scopes.pause('k', 10);
    const limits = [{ key: 'inner' }, { key: 'k' }];
    expect(scopes.pausedMs(limits)).toBe(5000);
    time += 4000;
    expect([scopes.pausedMs(limits), scopes.pausedMs([{ key: 'inner' }]), scopes.pausedMs([])]).toEqual([1000, 0, 0]);
    time += 4000;
    expect(scopes.pausedMs(limits)).toBe(0);
  });

  it('holds those too that wait already', async () => {
    const { enter, leave, came, scopes } = gate([{ key: 'k', atOnce: 1 }]);
    await enter('a');
    void enter('b');
    scopes.pause('k', 3600_000);
    leave('a');
    await settled();
    expect(came).toEqual(['a']);
  });
});

describe('who waits', () => {
  it('is woken with its group, or with all, and the others keep their places', async () => {
    const { enter, came, woken, scopes, leave } = gate([{ key: 'k', atOnce: 1 }]);
    await enter('a');
    void enter('b', { group: 'c1' });
    void enter('c', { group: 'c2' });
    void enter('d', { group: 'c1' });
    scopes.wake('c1');
    await settled();
    expect(woken).toEqual(['b', 'd']);
    void enter('e', { group: 'c1' });
    leave('a');
    await settled();
    expect(came).toEqual(['a', 'c']);
    scopes.wake();
    await settled();
    expect(woken).toEqual(['b', 'd', 'e']);
    leave('c');
    await enter('f');
    expect(came).toEqual(['a', 'c', 'f']);
  });

  it('waits no longer than it may', async () => {
    const { enter, woken, scopes, came } = gate([{ key: 'k' }], new Scopes());
    scopes.pause('k', 3600_000);
    const until = Date.now() + 60;
    await enter('a', { until });
    expect([woken, came]).toEqual([['a'], []]);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
  });

  it('and what nobody uses any more is forgotten', async () => {
    let time = 1_000_000;
    const scopes = new Scopes(() => time);
    const call = async (key: string) => (await scopes.enter({ limits: [{ key, rates: [[1, 100]] }], group: 'c1' }))!(true);
    for (let n = 0; n < 999; n++) await call(`k${n}`);
    scopes.pause('paused', 3600_000);
    const under = await scopes.enter({ limits: [{ key: 'under way', atOnce: 1 }], group: 'c1' });
    time += 200_000;
    await call('last');
    expect([...(scopes as unknown as { scopes: Map<string, unknown> }).scopes.keys()].sort()).toEqual([
      'last',
      'paused',
      'under way',
    ]);
    under!(true);
  });
});
