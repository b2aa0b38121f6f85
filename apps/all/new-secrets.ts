/**
 * The secrets of a Farmbell whose services run apart, for an env file. Prints those that the file on its standard input lacks
 * and changes none, so it may be run again after an upgrade:
 *
 *   touch .env && chmod 600 .env && node dist/apps/all/new-secrets.js < .env >> .env
 */
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { newKey } from '#runtime';
import { newPassword, passwordVariable, userNames } from './nats-passwords.js';

const makers: Record<string, () => string> = {
  FARMBELL_ADMIN_TOKEN: () => randomBytes(32).toString('base64url'),
  FARMBELL_SECRET_KEYS: newKey,
  FARMBELL_DATABASE_PASSWORD: newPassword,
  FARMBELL_GRAFANA_PASSWORD: newPassword,
  ...Object.fromEntries(userNames.map((user) => [passwordVariable(user), newPassword])),
};

const given = process.stdin.isTTY ? '' : await text(process.stdin);
// an empty value is a missing one
const there = new Set([...given.matchAll(/^\s*(?:export\s+)?(\w+)=[^\S\n]*\S/gm)].map((found) => found[1]));
const missing = Object.entries(makers).flatMap(([name, make]) => (there.has(name) ? [] : [`${name}=${make()}\n`]));
const unfinished = given !== '' && !given.endsWith('\n');
process.stdout.write(missing.length > 0 && unfinished ? `\n${missing.join('')}` : missing.join(''));
