import { Guesses } from './guesses.js';

const isBad = (error: unknown) => (error as Error).message === 'bad';
const refusal = (waitS: number) => new Error(`wait ${waitS}`);
const fails = (message: string) => () => Promise.reject(new Error(message));

function guesser() {
  const guesses = new Guesses();
  return (what: string, verify: () => Promise<unknown> = async () => 'good', good = false) =>
    guesses.check({ ip: '192.0.2.1', what, good, verify, isBad, refusal }).catch((error: Error) => error.message);
}

it('lets an address guess twenty times, and then once a second; a token that was good lately still passes', async () => {
  const guess = guesser();
  const told = await Promise.all(Array.from({ length: 40 }, (_, n) => guess(`t${n}`, fails('bad'))));
  // one more where a moment has passed meanwhile
  expect([20, 21]).toContain(told.filter((one) => one === 'bad').length);
  expect(told.at(-1)).toMatch(/^wait /);
  expect([await guess('new'), await guess('known', async () => 'good', true)]).toEqual([expect.stringMatching(/^wait /), 'good']);
});

it('takes one token for many accounts at once for one guess, and good ones and what is away for none', async () => {
  const guess = guesser();
  expect(new Set(await Promise.all(Array.from({ length: 1000 }, () => guess('t'))))).toEqual(new Set(['good']));
  for (let n = 0; n < 50; n++) expect(await guess(`away ${n}`, fails('away'))).toBe('away');
  for (let n = 0; n < 50; n++) expect(await guess(`good ${n}`)).toBe('good');
});

it('counts each of many bad answers, also to one token at once', async () => {
  const guess = guesser();
  await Promise.all(Array.from({ length: 30 }, () => guess('t', fails('bad'))));
  expect(await guess('other')).toMatch(/^wait /);
});
