import { freshDatabase } from '#servers';
import { ADMIN_URL } from './test-run.js';

/**
 * A new, empty database for one spec, on the test run's server; `drop` cuts whoever is connected. Throws outside of a test run.
 */
export async function testDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const adminUrl = process.env[ADMIN_URL];
  if (adminUrl === undefined)
    throw new Error(`${ADMIN_URL} is not set: databases for tests exist within a jest run (see global-setup).`);
  return freshDatabase(adminUrl);
}
