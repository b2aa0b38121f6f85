/**
 * For a NATS of one's own: a user for each service, with the rights that it needs and no others.
 *
 *   node dist/apps/all/nats-users.js         the `authorization` block of nats-server's configuration; the passwords are
 *                                            variables, which nats-server reads from its environment
 *   node dist/apps/all/nats-users.js --env   those variables with new passwords, for an env file or a secret
 *
 * A service's NATS_URL is then nats://<service>:<its password>@host:4222. `operator` may do everything: it is for people, and
 * for Farmbell in one process.
 */
import { randomBytes } from 'node:crypto';
import { natsUsers } from '#contracts';
import { type NatsUser, natsAuthorization } from '#servers';

const variableOf = (user: string) => `FARMBELL_NATS_PASSWORD_${user.replaceAll('-', '_').toUpperCase()}`;

/** A letter first: nats-server would read digits as a number. */
const newPassword = () => `p${randomBytes(24).toString('hex')}`;

function print(asked: string | undefined): string {
  const names = ['operator', ...Object.keys(natsUsers)];
  if (asked === '--env') return names.map((name) => `${variableOf(name)}=${newPassword()}`).join('\n');
  if (asked !== undefined) throw new Error(`'${asked}' is no option: there is --env, or none`);
  const users = names.map((name): [string, NatsUser] => [
    name,
    { password: `$${variableOf(name)}`, permissions: natsUsers[name] },
  ]);
  return natsAuthorization(Object.fromEntries(users));
}

try {
  process.stdout.write(`${print(process.argv[2])}\n`);
} catch (error) {
  process.stderr.write(`nats-users: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
