import { figure, type Row, ratioToFloor, reportJson, reportText, summary } from './report.js';

it.each([
  [0, '0.00'],
  [1.234, '1.23'],
  [12.34, '12.3'],
  [99.96, '100.0'],
  [123.4, '123'],
  [999.6, '1,000'],
  [12_345.6, '12,346'],
  [1_234_567, '1,234,567'],
  [Number.NaN, '-'],
])('%d is written %s', (value, text) => expect(figure(value)).toBe(text));

it('compares each round with its own floor', () => {
  expect(
    ratioToFloor([
      { value: 10, floor: 20 },
      { value: 90, floor: 100 },
      { value: 8, floor: 10 },
    ]),
  ).toBe(0.8);
  expect(ratioToFloor([{ value: 10 }])).toBeUndefined();
});

const row: Row = {
  line: 'gRPC',
  unit: 'deliveries/s',
  work: 'delivery',
  rounds: [
    { value: 1000, floor: 2000, cpu: { rules: 100, nats: 50 }, floorCpu: { nats: 30 }, extra: { 'done after, s': 2 } },
    { value: 3000, floor: 4000, cpu: { rules: 300, nats: 70 }, floorCpu: { nats: 10 }, extra: { 'done after, s': 4 } },
    { value: 2000, floor: 2500, cpu: { rules: 200, nats: 60 }, floorCpu: { nats: 20 }, extra: { 'done after, s': 3 } },
  ],
};

it('sums a row up by its medians', () => {
  expect(summary(row)).toEqual({
    median: 2000,
    floor: 2500,
    ratio: 0.75,
    cpu: { rules: 200, nats: 60 },
    floorCpu: { nats: 20 },
    extra: { 'done after, s': 3 },
  });
});

it('is readable', () => {
  const slower: Row = { line: 'slower', unit: 'ms', work: 'delivery', rounds: [{ value: 40, floor: 10 }] };
  expect(reportText({ case: 'a', title: 'one webhook', rows: [row, slower] })).toBe(
    [
      'a  one webhook: median of 3',
      '                               floor  of floor  CPU of floor             rounds',
      '   gRPC    2,000 deliveries/s  2,500      75 %        x 13.0  1,000 3,000 2,000',
      '   slower             40.0 ms   10.0    x 4.00                             40.0',
      '   beside it',
      '      gRPC  done after, s 3.00',
      '   CPU time, µs      in all  rules  nats',
      '   gRPC, a delivery     260    200  60.0',
      '   gRPC: floor         20.0         20.0',
      '',
    ].join('\n'),
  );
});

it('keeps every round for programs', () => {
  const json = reportJson([{ case: 'a', title: 'one webhook', rows: [row] }], { node: 'v20' });
  expect(json).toMatchObject({ node: 'v20', cases: [{ case: 'a', rows: [{ median: 2000, rounds: row.rounds }] }] });
});
