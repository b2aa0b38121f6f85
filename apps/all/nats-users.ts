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
import { natsUsers } from '#contracts';
import { type NatsUser, natsAuthorization } from '#servers';
import { newPassword, passwordVariable, userNames } from './nats-passwords.js';

function print(asked: string | undefined): string {
  if (asked === '--env') return userNames.map((name) => `${passwordVariable(name)}=${newPassword()}`).join('\n');
  if (asked !== undefined) throw new Error(`'${asked}' is no option: there is --env, or none`);
  const users = userNames.map((name): [string, NatsUser] => [
    name,
    { password: `$${passwordVariable(name)}`, permissions: natsUsers[name] },
  ]);
  return natsAuthorization(Object.fromEntries(users));
}

try {
  process.stdout.write(`${print(process.argv[2])}\n`);
} catch (error) {
  process.stderr.write(`nats-users: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
