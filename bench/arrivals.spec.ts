import { type Arrivals, type Expected, faultsOf } from './arrivals.js';

const arrivals = (came: [n: number, channel: number][], strange = 0): Arrivals => ({
  n: Int32Array.from(came, ([n]) => n),
  channel: Int32Array.from(came, ([, channel]) => channel),
  at: Float64Array.from(came, (_, i) => i),
  strange,
});
/** Events 0 to 3, each at channels 0 and 1; even and odd ones are of a printer each. */
const expected: Expected = { first: 0, events: 4, channelsOf: () => [0, 1], printerOf: (n) => n % 2 };
const all: [number, number][] = [0, 1, 2, 3].flatMap((n): [number, number][] => [
  [n, 0],
  [n, 1],
]);

it.each<[string, Arrivals, Partial<Expected>, RegExp[]]>([
  ['all once', arrivals(all), {}, []],
  ['another order of printers', arrivals([[1, 0], [0, 0], [3, 0], [2, 0], ...all.filter(([, c]) => c === 1)]), {}, []],
  ['one missing', arrivals(all.slice(1)), {}, [/^1 did not arrive: event 0 at channel 0$/]],
  ['none at all', arrivals([]), {}, [/^8 did not arrive: event 0 at channel 0, .*…$/]],
  ['one twice', arrivals([...all, [2, 1]]), {}, [/^1 arrived a second time$/]],
  ['one twice where that may be', arrivals([...all, [2, 1]]), { repeats: [1] }, []],
  ['a printer out of order', arrivals([...all.slice(4), ...all.slice(0, 4)]), {}, [/^4 arrived after a later one/]],
  ['the same where order does not matter', arrivals([...all.slice(4), ...all.slice(0, 4)]), { printerOf: undefined }, []],
  ['one at a wrong channel', arrivals([...all, [0, 2]]), {}, [/^1 arrived where they were not due$/]],
  ['one that was never sent', arrivals([...all, [4, 0]]), {}, [/^1 arrived where they were not due$/]],
  ['one of another run', arrivals(all, 1), {}, [/^1 belong to no run/]],
  ['a later start', arrivals([[7, 0]]), { first: 7, events: 1, channelsOf: () => [0] }, []],
])('%s', (_, came, over, faults) => {
  expect(faultsOf(came, { ...expected, ...over })).toEqual(faults.map((fault) => expect.stringMatching(fault)));
});
