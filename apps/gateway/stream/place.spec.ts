import { Problem } from '#contracts';
import { idOf, namedBy, placeIn } from './place.js';

const events = { made: '2026-03-01T12:00:00.123456789Z', seq: 1042 };
const outcomes = { made: '2026-03-02T08:30:00.5Z', seq: 7 };
const id = idOf({ events, outcomes });

it('an id leads back to the places that it was made of', () => {
  const named = namedBy(id)!;
  expect([placeIn(named.events, events.made), placeIn(named.outcomes, outcomes.made)]).toEqual([events, outcomes]);
});

it('of a stream that was made anew everything is still to be told, and of the other nothing twice', () => {
  const named = namedBy(id)!;
  const anew = '2026-03-05T00:00:00Z';
  expect(placeIn(named.events, anew)).toEqual({ made: anew, seq: 0 });
  expect(placeIn(named.outcomes, outcomes.made)).toEqual(outcomes);
});

it('is short, and of characters that pass through any header', () => expect(id).toMatch(/^[a-z0-9.-]{10,80}$/));

it.each([undefined, ''])('without an id (%p), the stream begins with what happens from now on', (header) =>
  expect(namedBy(header)).toBeUndefined(),
);

it.each([
  'null',
  '1042',
  `${id} `,
  `${id}, ${id}`,
  id.replace('1042', '-1'),
  id.replace('1042', '9'.repeat(16)),
  id.replace('1042', '1e3'),
  id.toUpperCase(),
  id.split('.')[0]!,
  `${id}.1-x`,
])('refuses %p, and says what to send', (header) => {
  const refused = (() => {
    try {
      return namedBy(header);
    } catch (error) {
      return error;
    }
  })();
  expect(refused).toBeInstanceOf(Problem);
  const { status, errors } = refused as Problem;
  expect([status, errors]).toEqual([422, [{ path: 'Last-Event-ID', message: expect.stringContaining('leave it out') }]]);
});
