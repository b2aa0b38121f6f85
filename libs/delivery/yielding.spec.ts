import { Yielding } from './yielding.js';

/** Backlogs on a clock of their own; `turn()` sets it forward, and waits until they have asked again. */
function backlogs() {
  let now = 1000;
  const begun: string[] = [];
  const yielding = new Yielding<string>(
    (who) => goOn(who),
    () => now,
  );
  const goOn = (who: string) => {
    while (begun.length < 10_000 && yielding.allows(who)) begun.push(who);
  };
  const turn = async () => {
    now += 16;
    while (begun.length === 0) await new Promise((done) => setTimeout(done, 5));
    return begun.splice(0);
  };
  return { yielding, goOn, turn, begun: () => begun.splice(0), later: (ms: number) => (now += ms) };
}

it('is nothing to a backlog that is alone', () => {
  const { goOn, begun } = backlogs();
  goOn('a');
  expect(begun()).toHaveLength(10_000);
});

it('lets a few of what is behind begin at a time while there are fresh deliveries, and all once there are none', async () => {
  const { yielding, goOn, turn, begun, later } = backlogs();
  yielding.hasFresh();
  goOn('a');
  expect(begun()).toEqual(['a', 'a', 'a', 'a']);
  expect(await turn()).toEqual(['a', 'a', 'a', 'a']);
  later(250);
  expect(await turn()).toHaveLength(10_000);
});

it('gives each backlog its turn', async () => {
  const { yielding, goOn, turn, begun } = backlogs();
  yielding.hasFresh();
  goOn('a');
  goOn('b');
  expect(begun()).toEqual(['a', 'a', 'a', 'a']);
  expect([...(await turn()), ...(await turn()), ...(await turn())].join('')).toBe('aaaabbbbaaaa');
});

it('lets more begin than comes, so that what is behind grows shorter', async () => {
  const { yielding, goOn, turn, begun } = backlogs();
  yielding.hasFresh();
  goOn('a');
  begun();
  for (let i = 0; i < 100; i++) yielding.hasParked();
  expect(await turn()).toHaveLength(204);
  expect(await turn()).toHaveLength(4);
});
