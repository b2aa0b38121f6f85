import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from './lock.js';
import { alive, processIdentity } from './processes.js';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'farmbell-lock-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** The id of a process that has just ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('exit', resolve));
  return child.pid!;
}

const holderText = (pid: number, started: string) => JSON.stringify({ pid, started, key: 'k' });

describe('lockDataDir', () => {
  it('is held once, and again after its release', async () => {
    const release = await lockDataDir(dir);
    await expect(lockDataDir(dir)).rejects.toThrow(`already runs on the data dir ${dir} (process ${process.pid})`);
    await release();
    expect(await readdir(dir)).toEqual([]);
    await (await lockDataDir(dir))();
  });

  it('is taken over from a holder that has ended', async () => {
    await writeFile(join(dir, 'lock'), holderText(await endedPid(), 'boot/1'));
    const release = await lockDataDir(dir);
    expect(JSON.parse(await readFile(join(dir, 'lock'), 'utf8')).pid).toBe(process.pid);
    await release();
    expect(await readdir(dir)).toEqual([]);
  });

  it('does not take a later process of the same id for the holder', async () => {
    await writeFile(join(dir, 'lock'), holderText(process.pid, 'another start'));
    await (await lockDataDir(dir))();
  });

  it('is given to one of many that find it dead at once', async () => {
    for (let round = 0; round < 20; round += 1) {
      await writeFile(join(dir, 'lock'), holderText(process.pid, `another start ${round}`));
      const tries = await Promise.allSettled(Array.from({ length: 12 }, () => lockDataDir(dir)));
      const held = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(held).toHaveLength(1);
      await held[0]?.();
      expect(await readdir(dir)).toEqual([]);
    }
  });

  it('is taken over although an earlier takeover was itself cut off', async () => {
    const dead = holderText(await endedPid(), 'boot/1');
    await writeFile(join(dir, 'lock'), dead);
    const { createHash } = await import('node:crypto');
    await writeFile(
      join(dir, `lock.${createHash('sha256').update(dead).digest('hex').slice(0, 12)}`),
      holderText(await endedPid(), 'boot/2'),
    );
    await (await lockDataDir(dir))();
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('processIdentity', () => {
  it('stays the same while a process runs and is gone with it', async () => {
    expect(processIdentity(process.pid)).toBe(processIdentity(process.pid));
    const pid = await endedPid();
    expect([alive(pid), processIdentity(pid)]).toEqual([false, undefined]);
  });
});
