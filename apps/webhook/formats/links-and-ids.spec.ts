import { bare } from '../samples.js';
import { withoutAccessCodes } from './access-codes.js';
import { numericId } from './numeric-id.js';
import { pageLink } from './page-link.js';
import { printId, printUuid } from './print-id.js';
import { snapshotLink } from './snapshot-link.js';

const publicUrl = 'https://farmbell.example.org';

describe('a number for an id', () => {
  it.each([
    ['3', 3],
    ['123456', 123456],
    ['007', 7],
    ['9007199254740991', 9007199254740991],
  ])('of digits, %s, is that number', (id, number) => expect(numericId('default', 'job', id)).toBe(number));

  it.each(['p-7', '9007199254740992', '-3', '1.5', '1e3', ' 3', '٣', '🚀', '', 'x'.repeat(600)])(
    'of any other, %j, is a positive one below 2^48',
    (id) => {
      const number = numericId('default', 'job', id);
      expect(Number.isInteger(number) && number > 0 && number < 2 ** 48).toBe(true);
    },
  );

  it('is the same on every machine and at any time, for this id of this kind in this account', () => {
    expect(numericId('default', 'printer', 'p-7')).toBe(270512767824865);
    const others = [
      numericId('other', 'printer', 'p-7'),
      numericId('default', 'job', 'p-7'),
      numericId('default', 'printer', 'p-8'),
    ];
    expect(new Set([270512767824865, ...others]).size).toBe(4);
  });

  it('differs for ten thousand ids', () => {
    const numbers = Array.from({ length: 10_000 }, (_, n) => numericId('default', 'job', `job-${n}`));
    expect(new Set(numbers).size).toBe(10_000);
  });
});

describe('what names a print', () => {
  it('is its id, else where, what and since when', () => {
    const of = (over: object) => printId(bare('job.paused', over));
    expect(of({ job: { id: '142' } })).toBe('142');
    const started_at = '2026-03-01T12:00:00Z';
    expect(of({ printer: { name: 'X1C' }, job: { file: 'a.gcode', started_at } })).toMatch(/^[0-9a-f]{32}$/);
    expect(of({ printer: { name: 'X1C' }, job: { file: 'a.gcode' } })).toBeUndefined();
    expect(of({ job: { file: 'a.gcode', started_at } })).toBeUndefined();
    expect(of({})).toBeUndefined();
  });

  it('has the form of a UUID', () => {
    expect(printUuid('default', '142')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(printUuid('default', '142')).toBe(printUuid('default', '142'));
    expect(printUuid('default', '142')).not.toBe(printUuid('other', '142'));
    expect(printUuid('default', '73A90BDE-829e-4b7f-ab2b-7be475633144')).toBe('73A90BDE-829e-4b7f-ab2b-7be475633144');
  });
});

describe('a link', () => {
  it("to an event is the publisher's, else a page of Farmbell's that is this event's own", () => {
    const page = `${publicUrl}/e/x.y`;
    expect(pageLink(bare('job.paused', { link: 'http://octopi:5000/' }), { publicUrl, page })).toBe('http://octopi:5000/');
    expect(pageLink(bare('job.paused'), { publicUrl, page })).toBe(page);
    expect(pageLink(bare('job.paused'), { publicUrl })).toBe(publicUrl);
  });

  it('to a snapshot is where it lies', () => {
    expect(snapshotLink({ id: 'pic1', content_type: 'image/png', bytes: 9 }, publicUrl)).toBe(`${publicUrl}/s/pic1`);
    expect(snapshotLink({ url: 'https://x.example/a.png' }, publicUrl)).toBe('https://x.example/a.png');
  });
});

describe("a printer's access code", () => {
  it('goes out under no name and at no depth, and all else stays', () => {
    const data = {
      access_code: '1',
      dev_access_code: '2',
      metadata: { accessCode: '3', 'Lan-Access-Code': '4', list: [{ DEV_ACCESS_CODE: '5', kept: [1, null, 'x'] }] },
      code: '0300_8004',
      access: true,
    };
    expect(withoutAccessCodes(data)).toEqual({
      metadata: { list: [{ kept: [1, null, 'x'] }] },
      code: '0300_8004',
      access: true,
    });
    const odd = JSON.parse('{"__proto__":{"x":1},"constructor":2}');
    expect(JSON.stringify(withoutAccessCodes(odd))).toBe(JSON.stringify(odd));
  });
});
