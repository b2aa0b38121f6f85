import { until } from '#testing';
import { gathering } from './gather.js';

/** Records what is done together; each act waits until it is let go. */
function acts() {
  const seen: number[][] = [];
  const goes: (() => void)[] = [];
  const act = (items: number[]) => {
    seen.push(items);
    return new Promise<void>((done) => goes.push(done));
  };
  return { seen, act, go: () => goes.shift()!(), waiting: () => goes.length };
}
const turn = () => new Promise((done) => setImmediate(done));

it('does together what is given in one turn, and then what came meanwhile', async () => {
  const { seen, act, go, waiting } = acts();
  const give = gathering(act);
  const first = [1, 2].map(give);
  await until('the first act', 5000, () => waiting() > 0);
  const later = [3, 4].map(give);
  await turn();
  expect(seen).toEqual([[1, 2]]);
  go();
  await Promise.all(first);
  await until('the next act', 5000, () => waiting() > 0);
  expect(seen).toEqual([
    [1, 2],
    [3, 4],
  ]);
  go();
  await Promise.all(later);
});

it('takes at most so many at once', async () => {
  const { seen, act, go, waiting } = acts();
  const all = Promise.all([1, 2, 3].map(gathering(act, { most: 2 })));
  for (const _ of [1, 2]) {
    await until('the next act', 5000, () => waiting() > 0);
    go();
  }
  await all;
  expect(seen).toEqual([[1, 2], [3]]);
});

it('tells of a failure those whom it concerns, and goes on', async () => {
  const give = gathering(async (items: number[]) => {
    if (items.includes(1)) throw new Error('no');
  });
  const bad = give(1);
  await expect(bad).rejects.toThrow('no');
  await expect(give(2)).resolves.toBeUndefined();
});

it('does each alone when the error may be the fault of one', async () => {
  const act = async (items: number[]) => {
    if (items.includes(1)) throw new Error('1 is bad');
    if (items.includes(9)) throw new Error('nothing goes');
  };
  const give = gathering(act, { splits: (error) => (error as Error).message !== 'nothing goes' });
  const [bad, good] = [give(1), give(2)];
  await expect(bad).rejects.toThrow('1 is bad');
  await expect(good).resolves.toBeUndefined();
  const both = [give(9), give(2)];
  for (const one of both) await expect(one).rejects.toThrow('nothing goes');
});

it('waits for more when told to', async () => {
  const { seen, act, go, waiting } = acts();
  const give = gathering(act, { lingerMs: 100 });
  const first = give(1);
  await turn();
  const second = give(2);
  await until('the act', 5000, () => waiting() > 0);
  expect(seen).toEqual([[1, 2]]);
  go();
  await Promise.all([first, second]);
});
