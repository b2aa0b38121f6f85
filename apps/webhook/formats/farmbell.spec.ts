import { bare, context, everyEvent, full, odd, oddTexts, received, tellsAccessCode } from '../samples.js';
import { farmbell } from './farmbell.js';

const body = (event: Parameters<typeof farmbell>[0]) => received(farmbell(event, context));

describe('the format farmbell', () => {
  it('is the envelope of every type, key by key, but for pictures and access codes', () => {
    for (const event of [...everyEvent, ...oddTexts.map(odd)]) {
      const { snapshot: _, data: __, ...rest } = event;
      const { snapshot, data, ...told } = body(event);
      expect(told).toEqual(rest);
      expect(snapshot).toEqual(event.snapshot && { url: 'https://farmbell.example.org/s/pic1' });
      expect([data === undefined, tellsAccessCode(data ?? {})]).toEqual([event.data === undefined, false]);
    }
  });

  it('passes data as they are', () => {
    const data = { door: 2, open: true, 'a/b': [null, { c: 'ü' }], empty: {} };
    expect(body(bare('custom.door', { data })).data).toEqual(data);
    expect(body(full('custom.door', { data: { ...data, printer: { access_code: '12345678' } } })).data).toEqual({
      ...data,
      printer: {},
    });
  });
});
