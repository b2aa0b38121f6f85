import { freePort, startPostgres } from '#servers';
import { ADMIN_URL, holdPostgres } from './test-run.js';

const STARTS = 4;

/** Before all tests: one PostgreSQL for the run, its address in the environment that the test processes inherit. */
export default async function globalSetup(): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const password = `test${process.pid}`;
      const server = await startPostgres({
        port: await freePort(),
        user: 'farmbell',
        password,
        durable: false,
        maxConnections: 300,
      });
      process.env[ADMIN_URL] = server.url;
      holdPostgres(server);
      return;
    } catch (error) {
      // Another test run may have taken the port in between.
      if (tries >= STARTS) throw error;
    }
  }
}
