import { heldPostgres } from './test-run.js';

/** After all tests: the run's PostgreSQL is stopped and its files removed. */
export default async function globalTeardown(): Promise<void> {
  await heldPostgres()?.stop();
}
