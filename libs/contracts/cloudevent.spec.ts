import { accept, fromCeHeaders, fromCloudEvent } from './index.js';

const event = { specversion: '1.0', id: 'e1', source: '/farm', type: 'job.failed', time: '2026-03-01T12:00:00Z' };
const paths = (body: unknown) => {
  const read = fromCloudEvent(body);
  return 'errors' in read ? read.errors.map((fault) => fault.path) : [];
};

describe('a structured CloudEvent', () => {
  it('becomes an envelope: id, time and type the same, data the rest', () => {
    const body = {
      ...event,
      datacontenttype: 'application/json',
      subject: 'p1',
      farmext: 1,
      data: { job: { id: '7' }, link: 'https://a.example' },
    };
    expect(fromCloudEvent(body)).toEqual({
      envelope: { id: 'e1', type: 'job.failed', time: '2026-03-01T12:00:00Z', job: { id: '7' }, link: 'https://a.example' },
    });
  });
  it('rules over id, type and time in its data', () => {
    const data = { id: 'other', type: 'job.started', time: '2020-01-01T00:00:00Z', title: 'T' };
    expect(fromCloudEvent({ ...event, data })).toEqual({
      envelope: { id: 'e1', type: 'job.failed', time: '2026-03-01T12:00:00Z', title: 'T' },
    });
  });
  it('may do without time and data', () => {
    const { time: _, ...bare } = event;
    expect(fromCloudEvent(bare)).toEqual({ envelope: { id: 'e1', type: 'job.failed' } });
  });
  it('is checked like any event', () => {
    const read = fromCloudEvent({ ...event, id: 'with space', data: { colour: 1 } });
    const accepted = 'envelope' in read && accept(read.envelope, { account: 'default', now: new Date(), newId: () => 'x' });
    expect(accepted).toMatchObject({ errors: [{ path: 'id' }, { path: 'colour', message: 'is not a known key' }] });
  });
  it.each<[string, unknown, string[]]>([
    ['another version', { ...event, specversion: '0.3' }, ['specversion']],
    ['no version', { ...event, specversion: undefined }, ['specversion']],
    ['no id and no source', { ...event, id: undefined, source: undefined }, ['id', 'source']],
    ['an empty source', { ...event, source: '' }, ['source']],
    ['data that is no object', { ...event, data: 'text' }, ['data']],
    ['a list', [event], ['']],
    ['null', null, ['']],
  ])('is refused with %s', (_, body, expected) => expect(paths(body)).toEqual(expected));
});

it('is put together from ce- headers and a body', () => {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': 'e%201',
    'ce-source': '/farm',
    'ce-type': 'job.failed',
    'ce-broken': '100%',
    'ce-list': ['a', 'b'],
    'content-type': 'application/json',
  };
  expect(fromCeHeaders(headers, { title: 'T' })).toEqual({
    specversion: '1.0',
    id: 'e 1',
    source: '/farm',
    type: 'job.failed',
    broken: '100%',
    data: { title: 'T' },
  });
  expect(fromCeHeaders({ 'ce-id': '1' }, undefined)).toEqual({ id: '1' });
});
