import { type Receiver, receiver, until } from '#testing';
import { testFarm } from './farm.js';
import { modules } from './modules.js';

let farm: Awaited<ReturnType<typeof testFarm>>;
let sink: Receiver;
beforeAll(async () => {
  [farm, sink] = await Promise.all([testFarm(modules), receiver()]);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await sink?.close();
});

const at = (account: string) => ({ 'farmbell-account': account });
const pathOf = (id: string) => `/v1/printers/${encodeURIComponent(id)}`;
const nothing = { name: null, model: null, tags: [], location: null, organization: null };

async function made(path: string, body: object, headers = {}) {
  const answer = await farm.call('POST', path, body, headers);
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return answer.body;
}

const channel = (name: string, more: object = {}) =>
  made('/v1/channels', { name, type: 'webhook', settings: { url: `${sink.origin}/${name}` }, ...more });

/** Publishes, and gives the event as the API then shows it. */
async function published(printer: object, more: object = {}) {
  const { status, body } = await farm.call('POST', '/v1/events', { type: 'printer.online', printer, ...more });
  expect(status).toBe(202);
  const read = () => farm.call('GET', `/v1/events/${body.id}`);
  return until('the event is shown', 10_000, async () => {
    const shown = await read();
    return shown.status === 200 && shown.body;
  });
}

/** Publishes until the gateway, which follows the registrations, fills what is expected. */
const filled = (printer: { id: string }, expected: object) =>
  until(`an event of ${printer.id} is filled`, 10_000, async () => {
    const event = await published(printer);
    const { organization, printer: got } = event;
    try {
      expect({ ...got, ...(organization && { organization }) }).toEqual(expected);
      return event as { id: string };
    } catch {
      return undefined;
    }
  });

it('fills events of a registered printer, and takes them to the channels that ask for its tag or its organization', async () => {
  for (const id of ['school', 'club']) await made('/v1/organizations', { id });
  await channel('all');
  await channel('tag', { tags: ['pla'] });
  await channel('other-tag', { tags: ['abs'] });
  await channel('school', { organization: 'school' });
  await channel('club', { organization: 'club' });
  const whole = { id: 'x1', name: 'Left', model: 'X1C', tags: ['pla', 'fast'], location: 'Hall', organization: 'school' };
  expect(await made('/v1/printers', whole)).toEqual(whole);
  /** Whom it reached, once that is decided for every channel. */
  const heard = async (id: string) => {
    const channels = await until('it is decided for every channel', 10_000, async () => {
      const { body } = await farm.call('GET', `/v1/events/${id}/why`);
      const all: { name: string; decision: string }[] = body.channels;
      return all.every(({ decision }) => decision !== 'waiting') ? all : undefined;
    });
    const delivered = channels.filter(({ decision }) => decision === 'delivered').map(({ name }) => name);
    const received = sink.requests.filter((request) => request.json.id === id).map((request) => request.url.slice(1));
    expect(received.sort()).toEqual(delivered.sort());
    return received;
  };

  const first = await filled({ id: 'x1' }, whole);
  expect(await heard(first.id)).toEqual(['all', 'school', 'tag']);
  expect(sink.requests.find((request) => request.url === '/school' && request.json.id === first.id)!.json).toMatchObject({
    organization: 'school',
    title: 'Printer Online: Left',
    printer: { name: 'Left', location: 'Hall' },
  });

  // what an event says itself stays
  const own = await published({ id: 'x1', name: 'Mine', tags: ['abs'] }, { organization: 'club' });
  expect(own).toMatchObject({ organization: 'club', printer: { name: 'Mine', model: 'X1C', tags: ['abs'] } });
  expect(await heard(own.id)).toEqual(['all', 'club', 'other-tag']);
  const unknown = await published({ id: 'x2' });
  expect(unknown).toMatchObject({ printer: { id: 'x2' } });
  expect(await heard(unknown.id)).toEqual(['all']);
}, 60_000);

it('is changed and forgotten from the next event on, and stays as it is over a restart', async () => {
  await made('/v1/printers', { id: 'c1', name: 'One', tags: ['a'], location: 'Hall' });
  await filled({ id: 'c1' }, { id: 'c1', name: 'One', tags: ['a'], location: 'Hall' });
  const patched = await farm.call('PATCH', pathOf('c1'), { name: 'Two', location: null, tags: ['b'] });
  expect([patched.status, patched.body]).toEqual([200, { ...nothing, id: 'c1', name: 'Two', tags: ['b'] }]);
  await filled({ id: 'c1' }, { id: 'c1', name: 'Two', tags: ['b'] });
  expect((await farm.call('PATCH', pathOf('c1'), { tags: null })).body).toEqual({ ...nothing, id: 'c1', name: 'Two' });
  expect((await farm.call('PATCH', pathOf('c1'), {})).body).toEqual({ ...nothing, id: 'c1', name: 'Two' });

  await farm.restart();
  expect((await farm.call('GET', pathOf('c1'))).body).toEqual({ ...nothing, id: 'c1', name: 'Two' });
  expect((await published({ id: 'c1' })).printer).toEqual({ id: 'c1', name: 'Two' });

  expect((await farm.call('DELETE', pathOf('c1'))).status).toBe(204);
  await filled({ id: 'c1' }, { id: 'c1' });
  for (const method of ['GET', 'DELETE']) expect((await farm.call(method, pathOf('c1'))).status).toBe(404);
  // forgotten for good: the same id may be registered again
  expect(await made('/v1/printers', { id: 'c1', model: 'MK4' })).toEqual({ ...nothing, id: 'c1', model: 'MK4' });
  await filled({ id: 'c1' }, { id: 'c1', model: 'MK4' });
}, 60_000);

const cjk = '机'.repeat(300);
const emoji = '🖨'.repeat(300);
it.each(['a/b', '100%', '%2F', 'ä ö', '?x=1#y', 'a+b;c', '../x', ' ', '...', 'x\r\ny', '__proto__', cjk, emoji])(
  'takes %j as an id',
  async (id) => {
    expect(await made('/v1/printers', { id, name: 'any' })).toEqual({ ...nothing, id, name: 'any' });
    expect((await farm.call('GET', pathOf(id))).body).toEqual({ ...nothing, id, name: 'any' });
    expect((await farm.call('PATCH', pathOf(id), { model: 'M' })).body).toEqual({ ...nothing, id, name: 'any', model: 'M' });
    await filled({ id }, { id, name: 'any', model: 'M' });
    expect((await farm.call('DELETE', pathOf(id))).status).toBe(204);
    await filled({ id }, { id });
  },
  20_000,
);

it('pages through many, in the order in which they were registered, each account its own', async () => {
  await made('/v1/accounts', { id: 'big', plan: 'hobby' });
  const ids = Array.from({ length: 7 }, (_, n) => `p${(n * 3) % 7}`);
  for (const id of ids) await made('/v1/printers', { id }, at('big'));
  const pages: string[][] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await farm.call('GET', `/v1/printers?limit=3${cursor && `&cursor=${cursor}`}`, undefined, at('big'));
    pages.push(body.data.map(({ id }: { id: string }) => id));
    cursor = body.next_cursor;
  }
  expect(pages).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
  expect((await farm.call('GET', '/v1/printers', undefined, at('big'))).body.next_cursor).toBeNull();
  expect((await farm.call('GET', pathOf('p1'))).status).toBe(404);
});

it('repeats the answer of a POST with the same Idempotency-Key', async () => {
  const key = { 'idempotency-key': 'register-1' };
  const first = await farm.call('POST', '/v1/printers', { id: 'k1', name: 'K' }, key);
  const again = await farm.call('POST', '/v1/printers', { id: 'k1', name: 'K' }, key);
  expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
});

it.each<[string, string, object, number, object | string]>([
  ['an id that is registered', '/v1/printers', { id: 'f1' }, 409, 'change it with PATCH /v1/printers/f1'],
  ['no id', '/v1/printers', { name: 'x' }, 422, { id: 'is required' }],
  ['an empty id', '/v1/printers', { id: '' }, 422, { id: 'must not be empty' }],
  ['an id that no address holds', '/v1/printers', { id: '..' }, 422, { id: "must not be '.' or '..': no address can hold it" }],
  ['a long id', '/v1/printers', { id: 'x'.repeat(301) }, 422, { id: 'longer than 300 characters' }],
  ['an empty name', '/v1/printers', { id: 'y', name: '' }, 422, { name: 'must not be empty; null removes it' }],
  ['101 tags', '/v1/printers', { id: 'y', tags: Array(101).fill('t') }, 422, { tags: 'has more than 100 tags' }],
  ['an unknown key', '/v1/printers', { id: 'y', tag: 't' }, 422, { tag: 'is not a known key' }],
  [
    'an organization that is not there',
    '/v1/printers',
    { id: 'y', organization: 'nowhere' },
    422,
    { organization: 'does not exist: make it with POST /v1/organizations first' },
  ],
])('refuses %s', async (_, path, body, status, told) => {
  await farm.call('POST', '/v1/printers', { id: 'f1' });
  const answer = await farm.call('POST', path, body);
  expect(answer.status).toBe(status);
  if (typeof told === 'string') expect(answer.body.detail).toContain(told);
  else expect(answer.body.errors).toEqual(Object.entries(told).map(([path, message]) => ({ path, message })));
  expect((await farm.call('GET', pathOf('y'))).status).toBe(404);
});

it('says what to do about a printer that is not registered', async () => {
  const { status, body } = await farm.call('PATCH', pathOf('ghost'), { name: 'x' });
  expect([status, body.detail]).toEqual([
    404,
    'Printer ghost is not registered in this account: register it with POST /v1/printers',
  ]);
  const moved = await farm.call('PATCH', pathOf('f1'), { organization: 'nowhere' });
  expect([moved.status, moved.body.errors[0].path]).toEqual([422, 'organization']);
});
