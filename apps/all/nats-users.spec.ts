import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Bus } from '#bus';
import { natsUsers, subjects } from '#contracts';
import { freePort, natsServerBinary } from '#servers';
import { until } from '#testing';

const command = new URL('./nats-users.js', import.meta.url).pathname;
const printed = (...args: string[]) => execFileSync(process.execPath, [command, ...args], { encoding: 'utf8', stdio: 'pipe' });

it('prints a block that a server of one’s own takes, with the passwords in its environment', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'farmbell-users-'));
  const port = await freePort();
  writeFileSync(join(dir, 'users.conf'), printed());
  writeFileSync(join(dir, 'nats.conf'), `port: ${port}\njetstream { store_dir: "${dir}/store" }\ninclude users.conf\n`);
  const lines = printed('--env').trim().split('\n');
  const passwords = Object.fromEntries(lines.map((line) => line.split('=')));
  const server = spawn(await natsServerBinary(), ['-c', join(dir, 'nats.conf')], { env: passwords, stdio: 'ignore' });
  try {
    const login = (user: string) => ({
      servers: [`127.0.0.1:${port}`],
      user,
      pass: passwords[`FARMBELL_NATS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`],
    });
    const operator: NatsConnection = await until('the server', 10_000, () => connect({ ...login('operator'), reconnect: false }));
    await operator.close();
    for (const user of Object.keys(natsUsers)) await (await connect({ ...login(user), reconnect: false })).close();
    const { pass } = login('rules');
    // each service alone, in any order: what it needs of streams and buckets it makes itself
    const rules = await Bus.connect({ url: `nats://rules:${pass}@127.0.0.1:${port}`, name: 'rules' });
    await rules.applyStreams({ dedupS: 60, retentionDays: 1 });
    await (await rules.bucket('CHANNELS')).put('ch1', '{}');
    await rules.publish(subjects.delivery('discord', 1, 'ch1'), {});
    await expect(rules.publish(subjects.ingest('default', 'job.started'), {})).rejects.toThrow(/permissions violation/i);
    await rules.close();
    const publisher = await connect({ ...login('publisher'), reconnect: false });
    expect((await jetstream(publisher).publish(subjects.ingest('default', 'job.started'), '{}')).stream).toBe('INGEST');
    await publisher.close();
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
    rmSync(dir, { recursive: true, force: true });
  }
});

it('holds no password itself, and makes new ones each time', () => {
  expect(printed()).toBe(printed());
  const [one, other] = [printed('--env'), printed('--env')].map((text) => text.trim().split('\n'));
  expect(one).toHaveLength(Object.keys(natsUsers).length + 1);
  expect(one!.filter((line) => other!.includes(line))).toEqual([]);
  for (const line of one!) expect(line).toMatch(/^FARMBELL_NATS_PASSWORD_[A-Z_]+=p[0-9a-f]{48}$/);
});

it('refuses an option that it does not know', () => expect(() => printed('--help')).toThrow(/no option/));
