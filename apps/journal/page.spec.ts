import { Problem } from '#contracts';
import { Conditions, cursorOf, pageOf, placeOf } from './page.js';

describe('a cursor', () => {
  it('comes back as the place it was made of', () => {
    const place = { time: '2026-03-01T12:00:00.000Z', id: 'a:b.c_ü' };
    expect(placeOf(cursorOf(place))).toEqual(place);
  });
  it.each(['', 'x', 'bnVsbA', cursorOf({ time: 'now', id: 'a' }), cursorOf({ time: '2026-03-01T12:00:00.000Z', id: 'a\0' })])(
    'that is %j is refused with the path cursor',
    (cursor) => {
      expect(() => placeOf(cursor)).toThrow(Problem);
      expect(() => placeOf(cursor)).toThrow(
        expect.objectContaining({ status: 422, errors: [expect.objectContaining({ path: 'cursor' })] }),
      );
    },
  );
  it('is given only where more follows', () => {
    const rows = ['c', 'b', 'a'].map((id) => ({ time: '2026-03-01T12:00:00.000Z', id }));
    const ids = (limit: number) =>
      pageOf(
        rows.slice(0, limit + 1),
        limit,
        (row) => row,
        (row) => row.id,
      );
    expect(ids(3)).toEqual({ data: ['c', 'b', 'a'], next_cursor: null });
    expect(ids(2)).toEqual({ data: ['c', 'b'], next_cursor: cursorOf(rows[1]!) });
  });
});

describe('conditions', () => {
  it('number their values, and leave out what is not asked for', () => {
    const where = new Conditions()
      .add('account = ?', 'a')
      .equal('printer', undefined)
      .type('type', 'job.*')
      .equal('printer', 'p');
    expect([`${where}`, where.values]).toEqual([
      'account = $1 and type >= $2 and type < $3 and printer = $4',
      ['a', 'job.', 'job/', 'p'],
    ]);
  });
  it('say which time is none', () => {
    expect(() => new Conditions().between('time', 'soon', undefined)).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ path: 'since' })] }),
    );
  });
});
