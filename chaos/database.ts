import { readdirSync, readFileSync } from 'node:fs';
import { freePort, type PostgresServer, startPostgres } from '#servers';

/** A PostgreSQL of the harness's own that can be broken. */
export class Database {
  private constructor(
    private server: PostgresServer,
    private readonly startAgain: () => Promise<PostgresServer>,
  ) {}

  static async open(dataDir: string): Promise<Database> {
    const port = await freePort();
    const start = () =>
      startPostgres({ dataDir, port, user: 'farmbell', password: 'chaos', database: 'farmbell', maxConnections: 300 });
    return new Database(await start(), start);
  }

  get url(): string {
    return this.server.url;
  }

  /** kill -9 of the server and of every process of its. */
  async kill(): Promise<void> {
    const { pid, ended } = this.server;
    for (const one of [pid, ...childrenOf(pid)]) {
      try {
        process.kill(one, 'SIGKILL');
      } catch {
        // it ended meanwhile
      }
    }
    await ended;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  async start(): Promise<void> {
    this.server = await this.startAgain();
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
