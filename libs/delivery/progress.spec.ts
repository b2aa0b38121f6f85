import { changes, isAnother, isDue, partOf, printKey, remembers, type ShownPrint, shownAfter } from './progress.js';
import { deliveryOf, eventOf, progressOf } from './samples.js';

const shown: ShownPrint = { percent: 20, at: 100_000, ref: { id: 'm1' }, madeAt: 50_000 };
const tenth = { percent: 10, seconds: null };

it('a print is kept by channel, printer and what names the job; what says nothing of a print is not', () => {
  const key = (event = eventOf('job.progress'), channel = 'c1') => printKey(deliveryOf('d', { channel, event }));
  const keys = [
    progressOf(5),
    eventOf('job.started', { printer: { id: 'p1' }, job: { name: 'Benchy' } }),
    eventOf('job.started', { printer: { id: 'p2' }, job: { name: 'Benchy' } }),
    eventOf('job.failed', { printer: { id: 'p1' }, job: { file: 'b.gcode' } }),
    eventOf('job.cancelled', { printer: { id: 'p1' } }),
    eventOf('job.succeeded', { job: { name: 'Benchy' } }),
  ].map((event) => key(event));
  expect(new Set([...keys, key(progressOf(5), 'c2')]).size).toBe(7);
  expect(keys.every((one) => one?.startsWith('print/c1/'))).toBe(true);
  expect(key(progressOf(90, { type: 'job.succeeded' }))).toBe(key(progressOf(5)));
  expect(key(eventOf('job.progress', { printer: { id: 'p1' }, job: { id: '', name: '' } }))).toBe(
    key(eventOf('job.started', { printer: { id: 'p1' } })),
  );
  expect([key(), key(eventOf('job.paused', { printer: { id: 'p1' } })), key(eventOf('printer.offline'))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect([partOf(eventOf('job.started')), partOf(eventOf('job.progress')), partOf(eventOf('job.failed'))]).toEqual([
    'begins',
    'goes on',
    'ends',
  ]);
});

it('a channel that shows all of it anew each time remembers nothing', () => {
  expect(remembers({ progress: 'post', progress_every: null })).toBe(false);
  expect(remembers({ progress: 'edit', progress_every: null })).toBe(true);
  expect(remembers({ progress: 'post', progress_every: tenth })).toBe(true);
});

describe('progress is due', () => {
  const due = (
    percent: number | undefined,
    every: Parameters<typeof isDue>[0] = tenth,
    now = 100_000,
    known: ShownPrint | undefined = shown,
  ) => isDue(every, known, progressOf(percent), now);

  it('the first time, and always where nothing was asked for', () => {
    expect(due(1, tenth, 0, undefined)).toBe(true);
    expect(due(1, tenth, 0, { percent: null, at: 0 })).toBe(true);
    expect(due(20, null)).toBe(true);
  });

  it('with each so many percent, from wherever it was', () => {
    expect([20.5, 29.9, 30, 31, 100].map((percent) => due(percent))).toEqual([false, false, true, true, true]);
    expect([22, 25].map((percent) => due(percent, tenth, 0, { ...shown, percent: 19.9 }))).toEqual([true, true]);
  });

  it('with each so many seconds, whether or not it has a percentage', () => {
    const minute = { percent: null, seconds: 60 };
    expect([159_999, 160_000].map((now) => due(21, minute, now))).toEqual([false, true]);
    expect([159_999, 160_000].map((now) => due(undefined, minute, now))).toEqual([false, true]);
    expect(due(90, minute)).toBe(false);
    expect(due(30, { percent: 10, seconds: 60 })).toBe(true);
    expect(due(undefined)).toBe(false);
  });

  it('when it is less than before: the print has begun again', () => {
    expect([14.9, 15, 19].map((percent) => due(percent))).toEqual([true, false, false]);
    expect([isAnother(shown, progressOf(14)), isAnother(shown, progressOf(15)), isAnother(shown, progressOf(undefined))]).toEqual(
      [true, false, false],
    );
    expect(isAnother({ percent: null, at: 0 }, progressOf(0))).toBe(false);
  });
});

describe('the message of a print', () => {
  it('is changed by progress of the same print, where the channel changes messages', () => {
    expect(changes({ progress: 'edit' }, shown, progressOf(30))).toEqual({ id: 'm1' });
    expect(changes({ progress: 'post' }, shown, progressOf(30))).toBeUndefined();
    expect(changes({ progress: 'edit' }, shown, progressOf(3))).toBeUndefined();
    expect(changes({ progress: 'edit' }, shown, progressOf(100, { type: 'job.succeeded' }))).toBeUndefined();
    expect(changes({ progress: 'edit' }, undefined, progressOf(30))).toBeUndefined();
  });

  it('is the one that told of its start, then the one that progress was shown by, until it ends', () => {
    const start = shownAfter(undefined, eventOf('job.started'), { ref: { id: 'm1' }, edited: false, now: 1 });
    expect(start).toEqual({ percent: null, at: 1, ref: { id: 'm1' }, madeAt: 1 });
    const edited = shownAfter(start, progressOf(10), { edited: true, now: 2 });
    expect(edited).toEqual({ percent: 10, at: 2, ref: { id: 'm1' }, madeAt: 1 });
    const anew = shownAfter(edited, progressOf(20), { ref: { id: 'm2' }, edited: false, now: 3 });
    expect(anew).toEqual({ percent: 20, at: 3, ref: { id: 'm2' }, madeAt: 3 });
    expect(shownAfter(anew, progressOf(undefined), { edited: true, now: 4 })).toMatchObject({ percent: 20, at: 4 });
    expect(shownAfter(anew, progressOf(30), { edited: false, now: 5 })).toEqual({ percent: 30, at: 5 });
    for (const type of ['job.succeeded', 'job.failed', 'job.cancelled'])
      expect(shownAfter(anew, eventOf(type), { ref: { id: 'm3' }, edited: false, now: 6 })).toBeUndefined();
  });
});
