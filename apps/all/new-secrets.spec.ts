import { execFileSync } from 'node:child_process';
import { natsUsers } from '#contracts';
import { keyRing, readConfig } from '#runtime';

const run = (command: string, input = '', ...args: string[]) =>
  execFileSync(process.execPath, [new URL(`./${command}.js`, import.meta.url).pathname, ...args], {
    encoding: 'utf8',
    input,
    stdio: 'pipe',
  });
const valuesOf = (text: string) =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => (line ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [])),
  );

it('makes secrets that Farmbell takes, new ones each time', () => {
  const [one, other] = [valuesOf(run('new-secrets')), valuesOf(run('new-secrets'))];
  expect(readConfig(one)).toMatchObject({ FARMBELL_ADMIN_TOKEN: one.FARMBELL_ADMIN_TOKEN });
  expect(keyRing(one.FARMBELL_SECRET_KEYS!).keys).toHaveLength(1);
  expect(new Set([...Object.values(one), ...Object.values(other)]).size).toBe(2 * Object.keys(one).length);
  // in URLs and in nats-server's configuration as they are
  for (const [name, value] of Object.entries(one)) if (name.includes('_PASSWORD')) expect(value).toMatch(/^[a-z][0-9a-f]{48}$/);
});

it('names the passwords of NATS as nats-users does, one for each user', () => {
  const passwords = Object.keys(valuesOf(run('new-secrets'))).filter((name) => name.includes('_NATS_PASSWORD_'));
  expect(passwords).toEqual(Object.keys(valuesOf(run('nats-users', '', '--env'))));
  expect(passwords).toHaveLength(Object.keys(natsUsers).length + 1);
});

it('adds what a file lacks, and leaves what it has', () => {
  const whole = run('new-secrets');
  expect(run('new-secrets', whole)).toBe('');
  const without = whole.replace(/^FARMBELL_NATS_PASSWORD_SLACK=.*\n/m, '# FARMBELL_NATS_PASSWORD_SLACK=\n');
  expect(run('new-secrets', without)).toMatch(/^FARMBELL_NATS_PASSWORD_SLACK=p\w{48}\n$/);
  // an empty value, in a last line that does not end
  const cut = `${without}FARMBELL_NATS_PASSWORD_SLACK=`;
  expect(run('new-secrets', cut)).toMatch(/^\nFARMBELL_NATS_PASSWORD_SLACK=p\w{48}\n$/);
  expect(run('new-secrets', 'export FARMBELL_ADMIN_TOKEN=mine\n')).not.toContain('ADMIN_TOKEN');
});
