import { testFarm } from './farm.js';
import { modules } from './modules.js';

let farm: Awaited<ReturnType<typeof testFarm>>;
beforeAll(async () => {
  farm = await testFarm(modules);
}, 60_000);
afterAll(() => farm?.stop());

const pathOf = (id: string) => `/v1/organizations/${encodeURIComponent(id)}`;
const make = (path: string, body: object) => farm.call('POST', path, body);
const channel = (name: string, organization: string) =>
  make('/v1/channels', { name, organization, type: 'webhook', settings: { url: 'https://example.org/' } });

it('makes, shows, renames and deletes them', async () => {
  expect(await make('/v1/organizations', { id: 'class 5/b', name: 'Class 5b' })).toEqual({
    status: 201,
    body: { id: 'class 5/b', name: 'Class 5b' },
  });
  expect((await make('/v1/organizations', { id: 'plain' })).body).toEqual({ id: 'plain', name: 'plain' });
  expect((await farm.call('PATCH', pathOf('class 5/b'), { name: 'Class 6b' })).body).toEqual({
    id: 'class 5/b',
    name: 'Class 6b',
  });
  await farm.restart();
  expect((await farm.call('GET', '/v1/organizations')).body).toEqual({
    data: [
      { id: 'class 5/b', name: 'Class 6b' },
      { id: 'plain', name: 'plain' },
    ],
    next_cursor: null,
  });
  const { data, next_cursor } = (await farm.call('GET', '/v1/organizations?limit=1')).body;
  expect(data.map(({ id }: { id: string }) => id)).toEqual(['class 5/b']);
  expect((await farm.call('GET', `/v1/organizations?limit=1&cursor=${next_cursor}`)).body).toEqual({
    data: [{ id: 'plain', name: 'plain' }],
    next_cursor: null,
  });
  for (const id of ['class 5/b', 'plain']) expect((await farm.call('DELETE', pathOf(id))).status).toBe(204);
  expect((await farm.call('GET', pathOf('plain'))).status).toBe(404);
});

it('keeps one that printers or channels belong to, and says which and how many', async () => {
  await make('/v1/organizations', { id: 'school' });
  for (let n = 1; n <= 7; n++)
    await make('/v1/printers', { id: `p${n}`, organization: 'school', ...(n === 1 && { name: 'Left' }) });
  const { body: first } = await channel('Teachers', 'school');
  const refused = await farm.call('DELETE', pathOf('school'));
  expect([refused.status, refused.body.detail]).toEqual([
    409,
    `Organization school still has 7 printers (p1 'Left', p2, p3, p4, p5, 2 more) and 1 channel (${first.id} 'Teachers'): ` +
      'delete them, or take them out of it with PATCH {"organization": null}',
  ]);
  for (let n = 2; n <= 7; n++) expect((await farm.call('DELETE', `/v1/printers/p${n}`)).status).toBe(204);
  expect((await farm.call('PATCH', '/v1/printers/p1', { organization: null })).status).toBe(200);
  expect((await farm.call('DELETE', pathOf('school'))).body.detail).toContain(`still has 1 channel (${first.id} 'Teachers'): `);
  await farm.call('DELETE', `/v1/channels/${first.id}`);
  expect((await farm.call('DELETE', pathOf('school'))).status).toBe(204);
  expect((await farm.call('GET', '/v1/printers/p1')).body).toMatchObject({ id: 'p1', name: 'Left', organization: null });
});

it('leaves nothing that names a deleted one, whoever is faster', async () => {
  for (let n = 0; n < 10; n++) {
    await make('/v1/organizations', { id: `race${n}` });
    const [gone, printer, own] = await Promise.all([
      farm.call('DELETE', pathOf(`race${n}`)),
      make('/v1/printers', { id: `race${n}`, organization: `race${n}` }),
      channel(`race${n}`, `race${n}`),
    ]);
    const made = [printer, own].filter(({ status }) => status === 201);
    for (const { status, body } of [printer, own])
      if (status !== 201) expect([status, body.errors?.[0].path]).toEqual([422, 'organization']);
    expect([gone.status, made.length]).toEqual(made.length > 0 ? [409, made.length] : [204, 0]);
  }
}, 30_000);

it.each<[string, object, number, object | string]>([
  ['an id that exists', { id: 'twice', name: 'x' }, 409, 'rename it with PATCH /v1/organizations/twice'],
  ['no id', { name: 'x' }, 422, { id: 'is required' }],
  ['an empty name', { id: 'y', name: '' }, 422, { name: 'must not be empty' }],
  ['a long name', { id: 'y', name: 'n'.repeat(301) }, 422, { name: 'longer than 300 characters' }],
])('refuses %s', async (_, body, status, told) => {
  await make('/v1/organizations', { id: 'twice' });
  const answer = await make('/v1/organizations', body);
  expect(answer.status).toBe(status);
  if (typeof told === 'string') expect(answer.body.detail).toContain(told);
  else expect(answer.body.errors).toEqual(Object.entries(told).map(([path, message]) => ({ path, message })));
});
