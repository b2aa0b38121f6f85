import { BadOption, readOptions } from './options.js';

const read = (line: string) => readOptions(line.split(' ').filter(Boolean), () => 7);

describe('options', () => {
  it('have defaults', () =>
    expect(read('')).toEqual({
      seconds: 60,
      seed: 7,
      replicas: 2,
      rate: 40,
      printers: 50,
      cluster: false,
      only: [],
      keep: false,
    }));

  it('are read', () =>
    expect(
      read('--seconds 600 --seed 0 --replicas 3 --rate 5 --printers 10 --cluster --only kill,stop --json x.json --keep'),
    ).toEqual({
      seconds: 600,
      seed: 0,
      replicas: 3,
      rate: 5,
      printers: 10,
      cluster: true,
      only: ['kill', 'stop'],
      json: 'x.json',
      keep: true,
    }));

  it('may ask for help', () => expect(read('--help')).toBeUndefined());

  it.each([
    ['--seconds 5', /--seconds must be a whole number from 20 to 86400/],
    ['--seconds=-1', /--seconds must be/],
    ['--seed x', /--seed must be/],
    ['--replicas 0', /--replicas must be/],
    ['--rate 1.5', /--rate must be/],
    ['--only kill,nonsense', /--only must name faults, comma-separated: kill, /],
    ['--nonsense', /--nonsense.*--help/s],
    ['stray', /stray/],
    ['--seconds', /seconds/],
  ])('%s is refused, and said why', (line, text) => {
    expect(() => read(line)).toThrow(BadOption);
    expect(() => read(line)).toThrow(text);
  });
});
