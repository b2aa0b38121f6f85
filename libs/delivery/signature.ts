/** Standard Webhooks signatures, scheme v1: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';

// "between 24 bytes (192 bits) and 64 bytes (512 bits)": the specification, section "Signature scheme". Its npm library takes a single byte, so it is checked here.
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/** Why this is not a signing secret, and what one looks like; undefined when it is one. The text never holds the value. */
export function signingSecretFault(secret: string): string | undefined {
  const wanted = `a signing secret is ${PREFIX} followed by base64 of ${LEAST_BYTES} to ${MOST_BYTES} bytes; leave it empty to have one made`;
  if (!secret.startsWith(PREFIX)) return `does not begin with ${PREFIX}: ${wanted}`;
  const text = secret.slice(PREFIX.length);
  const key = Buffer.from(text, 'base64');
  if (key.toString('base64') !== text) return `has something other than base64 after ${PREFIX}: ${wanted}`;
  if (key.length < LEAST_BYTES || key.length > MOST_BYTES) return `holds ${key.length} bytes: ${wanted}`;
  return undefined;
}

/** A new secret: `whsec_` and base64 of 32 random bytes. */
export const newSigningSecret = (): string => PREFIX + randomBytes(32).toString('base64');

const mostKeys = 10_000;
const keys = new Map<string, KeyObject>();

/** A secret's key, checked and made once. */
function keyOf(secret: string): KeyObject {
  const before = keys.get(secret);
  if (before) return before;
  const fault = signingSecretFault(secret);
  if (fault) throw new Error(`The signing secret ${fault}`);
  const key = createSecretKey(Buffer.from(secret.slice(PREFIX.length), 'base64'));
  if (keys.size >= mostKeys) keys.clear();
  keys.set(secret, key);
  return key;
}

/**
 * The `webhook-signature` value for one attempt: `v1,<base64>`. To rotate, join the values of the old and the new secret with a space.
 * @param id the `webhook-id`: the same on every attempt; without a full stop, which separates the signed parts
 * @param timestampSeconds the `webhook-timestamp` of this attempt, whole seconds since 1970
 * @param body the bytes as sent
 * Throws when the secret, the id or the timestamp is not as the specification wants it.
 */
export function sign(secret: string, id: string, timestampSeconds: number, body: string | Uint8Array): string {
  if (id === '' || id.includes('.')) throw new Error('A webhook-id must not be empty or hold a full stop: use the delivery id');
  if (!Number.isSafeInteger(timestampSeconds)) throw new Error('A webhook-timestamp is in whole seconds: round it down');
  const key = keyOf(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${timestampSeconds}.`).update(body).digest('base64')}`;
}
