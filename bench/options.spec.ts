import { cases } from './cases.js';
import { help, OptionError, optionsOf } from './options.js';

it('measures every line of every case unless told', () => {
  const { chosen, ...rest } = optionsOf([]);
  expect([...chosen.keys()]).toEqual(Object.keys(cases));
  expect([...chosen.get('a')!]).toEqual(cases.a.lines);
  expect(rest).toMatchObject({ rounds: 3, events: 20_000, help: false, json: undefined, profile: undefined });
});

it('takes cases, lines of cases and sizes', () => {
  const options = optionsOf(['a:grpc:nats', 'e', 'a:all', '--rounds', '5', '--quick', '--json', 'out.json', '--profile']);
  expect([...options.chosen].map(([name, lines]) => [name, ...lines])).toEqual([
    ['a', 'grpc', 'nats', 'all'],
    ['e', ...cases.e.lines],
  ]);
  expect(options).toMatchObject({ rounds: 5, events: 2000, json: 'out.json', profile: 'dist/profiles' });
  expect(optionsOf(['--profile=there', 'b']).profile).toBe('there');
  expect(optionsOf(['-h']).help).toBe(true);
});

it.each<[string[], RegExp]>([
  [['z'], /no case z: the cases are a b/],
  [['a:ftp'], /Case a has no line ftp: grpc nats/],
  [['b:x'], /Case b has no line x: it has one only/],
  [['--rounds', '0'], /--rounds is a whole number of at least 1, not 0/],
  [['--events', '2e3'], /--events is a whole number/],
  [['--events', '1500'], /multiple of 1000/],
  [['--concurrency', '51'], /1 to 50/],
  [['--speed', '1'], /'--speed'.*--help/],
  [['--json'], /--json.*--help/],
])('%j is refused with what would be right', (args, says) => {
  expect(() => optionsOf(args)).toThrow(OptionError);
  expect(() => optionsOf(args)).toThrow(says);
});

it('explains every case and size', () => {
  const text = help();
  for (const [name, { title }] of Object.entries(cases)) expect(text).toContain(`  ${name}  ${title}`);
  for (const size of ['rounds', 'events', 'seconds', 'channels', 'backlog', 'concurrency']) expect(text).toContain(`--${size}`);
});
