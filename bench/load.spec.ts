import { batches, inTurn, pace, rush } from './load.js';
import type { Sender } from './roles/publisher.js';

/** Takes what it is sent when the spec lets it. */
function slow(over: Partial<Sender> = {}) {
  const sent: number[][] = [];
  const answers: (() => void)[] = [];
  const sender: Sender = {
    lanes: 1,
    depth: 1,
    array: 1,
    send: (numbers) => {
      sent.push([...numbers]);
      return new Promise((done) => answers.push(done));
    },
    close: async () => {},
    ...over,
  };
  return { sender, sent, answers };
}
const turn = () => new Promise((done) => setImmediate(done));

it.each([
  [[1, 2, 3, 4, 5], 2, [[1, 2], [3, 4], [5]]],
  [[1, 2], 2, [[1, 2]]],
  [[], 2, []],
])('%j in batches of %d', (all, size, expected) => expect(batches(all, size)).toEqual(expected));

it('keeps as many under way as the depth says, in order', async () => {
  const { sender, sent, answers } = slow({ depth: 2 });
  const done = rush(
    sender,
    [1, 2, 3, 4],
    () => 0,
    () => {},
  );
  await turn();
  expect(sent).toEqual([[1], [2]]);
  answers[1]!();
  await turn();
  expect(sent).toEqual([[1], [2], [3]]);
  answers[0]!();
  await turn();
  expect(sent).toEqual([[1], [2], [3], [4]]);
  for (const answer of answers) answer();
  await done;
});

it('keeps what belongs together in one lane', async () => {
  const { sender, sent, answers } = slow({ lanes: 2, array: 2 });
  const stamped: number[] = [];
  const done = rush(
    sender,
    [0, 1, 2, 3, 4, 5],
    (n) => n,
    (n) => stamped.push(n),
  );
  await turn();
  expect(sent).toEqual([
    [0, 2],
    [1, 3],
  ]);
  answers[1]!();
  await turn();
  expect(sent[2]).toEqual([5]);
  answers[0]!();
  await turn();
  expect(sent[3]).toEqual([4]);
  for (const answer of answers) answer();
  await done;
  expect(stamped).toEqual([0, 2, 1, 3, 5, 4]);
});

it('stops at a refusal and throws it', async () => {
  const started: number[] = [];
  const work = async (n: number) => {
    started.push(n);
    if (n === 2) throw new Error('refused');
  };
  await expect(inTurn([1, 2, 3, 4, 5, 6], 1, work)).rejects.toThrow('refused');
  expect(started).toEqual([1, 2]);
  await expect(inTurn([2], 5, work)).rejects.toThrow('refused');
});

it('paces without waiting for answers, and waits for all of them at the end', async () => {
  const { sender, sent, answers } = slow();
  let over = false;
  const done = pace(sender, [7, 8, 9], 1000, () => {}).then(() => {
    over = true;
  });
  while (sent.length < 3) await turn();
  expect(sent).toEqual([[7], [8], [9]]);
  expect(over).toBe(false);
  for (const answer of answers) answer();
  await done;
});
