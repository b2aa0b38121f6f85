import { makeLog, newTrace, traceIdOf } from '#runtime';
import type { Row } from './intake.js';
import { logTaken } from './lines.js';

const traces = Array.from({ length: 20 }, newTrace);
const told = (level: string, rows: readonly Row[]) => {
  const lines: Record<string, unknown>[] = [];
  const log = makeLog({ name: 'spec', level, to: { write: (line) => void lines.push(JSON.parse(line)) } });
  logTaken(log, { way: 'rest', account: 'default', rows, traceOf: (n) => traces[n] });
  return lines;
};
const refused: Row = { errors: [{ path: 'data.key', message: "'s3cret' is no good" }] };

it('what was accepted leaves a line each, for who looks for it', () => {
  const rows = [
    { id: 'a', duplicate: false },
    { id: 'b', duplicate: true },
  ];
  expect(told('debug', rows)).toMatchObject([
    { level: 20, event: 'a', account: 'default', way: 'rest', trace_id: traceIdOf(traces[0]), msg: 'An event was accepted.' },
    { level: 20, event: 'b', trace_id: traceIdOf(traces[1]), msg: expect.stringContaining('is known') },
  ]);
  expect(told('info', rows)).toEqual([]);
});

it('what was refused leaves one line for all, with the first paths and no value', () => {
  const [line, ...more] = told('warn', [{ id: 'a', duplicate: false }, refused, refused]);
  expect(line).toMatchObject({
    level: 40,
    refused: 2,
    published: 3,
    paths: ['data.key', 'data.key'],
    trace_id: traceIdOf(traces[1]),
  });
  expect([more, JSON.stringify(line).includes('s3cret')]).toEqual([[], false]);
});

it('is short, whatever was sent', () => {
  const endless: Row = { errors: Array.from({ length: 50 }, () => ({ path: 'x'.repeat(10_000), message: 'y'.repeat(10_000) })) };
  expect(JSON.stringify(told('warn', Array(20).fill(endless))).length).toBeLessThan(1500);
});
