import { type CpuProfile, placeOf, profileText, selfTimes } from './profile.js';

it.each([
  ['file:///home/me/farmbell/node_modules/undici/lib/core/request.js', 'undici'],
  ['file:///home/me/farmbell/node_modules/@nats-io/nats-core/lib/parser.js', '@nats-io/nats-core'],
  ['/home/me/farmbell/node_modules/a/node_modules/b/index.js', 'b'],
  ['file:///home/me/farmbell/dist/libs/delivery/worker.js', 'libs/delivery'],
  ['file:///home/me/farmbell/dist/libs/delivery/http/client.js', 'libs/delivery/http'],
  ['file:///home/me/farmbell/dist/apps/rules/fold.js', 'apps/rules'],
  ['node:net', 'node:net'],
  ['node:internal/streams/readable', 'node:internal/streams'],
])('%s belongs to %s', (url, place) => expect(placeOf({ functionName: 'f', url, lineNumber: 0 })).toBe(place));

it('names what has no file', () => {
  expect(placeOf({ functionName: '(garbage collector)', url: '', lineNumber: -1 })).toBe('(garbage collector)');
  expect(placeOf({ functionName: 'writev', url: '', lineNumber: -1 })).toBe('built in');
});

const frame = (id: number, functionName: string, url = '') => ({ id, callFrame: { functionName, url, lineNumber: 9 } });
const profile: CpuProfile = {
  nodes: [
    frame(1, '(root)'),
    frame(2, '(idle)'),
    frame(3, 'match', 'file:///x/dist/apps/rules/match.js'),
    // the same function, called from elsewhere
    frame(4, 'match', 'file:///x/dist/apps/rules/match.js'),
    frame(5, '', 'file:///x/dist/apps/rules/fold.js'),
  ],
  samples: [2, 3, 4, 5, 2, 3],
  // each sample lasts until the next one
  timeDeltas: [500, 10_000, 1000, 2000, 4000, 50_000],
};

it('adds up the time that each function took itself, without idling', () => {
  expect(selfTimes(profile)).toEqual({
    functions: [
      { name: '(anonymous)  dist/apps/rules/fold.js:10', ms: 4 },
      { name: 'match  dist/apps/rules/match.js:10', ms: 3 },
    ],
    places: [{ name: 'apps/rules', ms: 7 }],
  });
});

it('tells it per unit of work', () => {
  const text = profileText('rules', profile, 1000);
  expect(text).toMatch(/^rules: 7\.0 µs each/);
  expect(text).toMatch(/4\.0 µs {2}57\.1 % {2}\(anonymous\)/);
});
