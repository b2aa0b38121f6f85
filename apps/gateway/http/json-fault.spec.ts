import fc from 'fast-check';
import { jsonFault } from './json-fault.js';

it.each([
  ['', 0, 'a value, the body ends'],
  ['hello', 0, 'a value, found something else'],
  ['{"a":1,}', 7, 'a key in double quotes, found something else'],
  ['{"a" 1}', 5, "':', found something else"],
  ['[1 2]', 3, "',' or the closing bracket, found something else"],
  ['[1,', 3, 'a value, the body ends'],
  ['{"a":1} x', 8, 'the end of the body, found something else'],
  ["{'a':1}", 1, "a key in double quotes or '}', found something else"],
  ['{"a":01}', 6, "',' or the closing bracket, found something else"],
  ['["a\nb"]', 1, "a value or ']', found something else"],
])('%j', (text, at, said) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(jsonFault(text)).toContain(`at position ${at} (`);
  expect(jsonFault(text)).toContain(`expected ${said}`);
});

it('finds a fault in every text that V8 refuses', () => {
  const text = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '}', ',', 'x', '\\'));
  fc.assert(
    fc.property(text, ([json, at, mark]) => {
      const cut = at % (json.length + 1);
      const broken = json.slice(0, cut) + mark + json.slice(cut + 1);
      try {
        JSON.parse(broken);
      } catch {
        expect(jsonFault(broken)).not.toContain('expected the end of the body, the body ends');
      }
    }),
    { numRuns: 2000 },
  );
});

it('reads the largest body that is taken, however it is made', () => {
  const size = 8 * 1024 * 1024;
  expect(jsonFault('['.repeat(size))).toContain(`position ${size} `);
  expect(jsonFault(`"${'x'.repeat(size)}`)).toContain('position 0 ');
  expect(jsonFault(`"${'\\n'.repeat(size / 2)}`)).toContain('position 0 ');
  expect(jsonFault(`{"a":"${'é\\u00e9'.repeat(1024 * 1024)}" x`)).toContain('expected');
});
