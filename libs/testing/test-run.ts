import type { PostgresServer } from '#servers';

/** The environment variable that holds the administrator's URL of the test run's PostgreSQL. */
export const ADMIN_URL = 'FARMBELL_TEST_DATABASE_URL';

let held: PostgresServer | undefined;

/** Keeps the run's server from setup to teardown, which jest runs in one process. */
export function holdPostgres(server: PostgresServer): void {
  held = server;
}

export function heldPostgres(): PostgresServer | undefined {
  return held;
}
