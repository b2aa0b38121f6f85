/** Secrets at rest, sealed with Fernet (AES-128-CBC, then HMAC-SHA256): https://github.com/fernet/spec/blob/master/Spec.md */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

// KeyObjects and not Buffers: a ring that slips into a log prints no key.
type Key = { signing: KeyObject; encryption: KeyObject };

/** Keys of which the first seals and all open. */
export type KeyRing = { readonly keys: readonly Key[] };

const VERSION = 0x80;
const KEY_BYTES = 32;
const HEAD_BYTES = 1 + 8 + 16; // version, timestamp, iv
const MAC_BYTES = 32;
const BLOCK_BYTES = 16;

const HOW_TO_MAKE = `make one with: node -e "console.log(require('node:crypto').randomBytes(32).toString('base64url') + '=')"`;

/** Strict base64url, with or without padding: Node itself skips what it does not know. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text.replace(/={1,2}$/, '') ? bytes : undefined;
}

const encode = (bytes: Buffer): string => {
  const text = bytes.toString('base64url');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
};

/** A new key for FARMBELL_SECRET_KEYS: urlsafe base64 of 32 random bytes. */
export const newKey = (): string => encode(randomBytes(KEY_BYTES));

/**
 * The ring of FARMBELL_SECRET_KEYS: comma-separated keys. To rotate, put the new key first and drop the old one when nothing it sealed is left.
 * Throws an Error that says which key is bad and how to make one, never its value.
 */
export function keyRing(keys: string): KeyRing {
  const parts = keys.split(',').map((part) => part.trim());
  return {
    keys: parts.map((part, index) => {
      const bytes = decode(part);
      if (bytes?.length !== KEY_BYTES) {
        const which = parts.length === 1 ? 'the key' : `key ${index + 1} of ${parts.length}`;
        throw new Error(`FARMBELL_SECRET_KEYS: ${which} is not ${KEY_BYTES} bytes in urlsafe base64; ${HOW_TO_MAKE}`);
      }
      return { signing: createSecretKey(bytes.subarray(0, 16)), encryption: createSecretKey(bytes.subarray(16)) };
    }),
  };
}

const mac = (key: Key, signed: Buffer): Buffer => createHmac('sha256', key.signing).update(signed).digest();

/**
 * Seals a text with the ring's first key: a Fernet token, urlsafe base64.
 * @param fixed time (seconds since 1970) and iv of the published vectors; only for tests
 */
export function seal(ring: KeyRing, text: string, fixed?: { seconds: number; iv: Uint8Array }): string {
  const key = ring.keys[0]!;
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = VERSION;
  head.writeBigUInt64BE(BigInt(fixed?.seconds ?? Math.floor(Date.now() / 1000)), 1);
  head.set(fixed?.iv ?? randomBytes(BLOCK_BYTES), 9);
  const cipher = createCipheriv('aes-128-cbc', key.encryption, head.subarray(9));
  const signed = Buffer.concat([head, cipher.update(text, 'utf8'), cipher.final()]);
  return encode(Buffer.concat([signed, mac(key, signed)]));
}

/**
 * Opens a token with whichever key of the ring sealed it. A token's age does not matter here: what is sealed is kept for as long as it is used.
 * Throws an Error when it is no token, was changed, or was sealed with a key that is not in the ring.
 */
export function open(ring: KeyRing, token: string): string {
  const bytes = decode(token);
  const whole = bytes !== undefined && bytes[0] === VERSION && bytes.length >= HEAD_BYTES + BLOCK_BYTES + MAC_BYTES;
  if (!whole) throw new Error('A sealed secret is damaged: it is not a Fernet token. Enter the secret again');
  const signed = bytes.subarray(0, -MAC_BYTES);
  const key = ring.keys.find((one) => timingSafeEqual(mac(one, signed), bytes.subarray(-MAC_BYTES)));
  if (!key) {
    throw new Error(
      'No key of FARMBELL_SECRET_KEYS opens a sealed secret: add the key it was sealed with behind the first one, or enter the secret again',
    );
  }
  try {
    const decipher = createDecipheriv('aes-128-cbc', key.encryption, signed.subarray(9, HEAD_BYTES));
    return Buffer.concat([decipher.update(signed.subarray(HEAD_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    throw new Error('A sealed secret is damaged: its signature is right and its padding is not. Enter the secret again');
  }
}

/** The token sealed with the ring's first key; undefined when it is so already. Throws as open() does. */
export function resealed(ring: KeyRing, token: string): string | undefined {
  const text = open(ring, token);
  try {
    open({ keys: ring.keys.slice(0, 1) }, token);
    return undefined;
  } catch {
    return seal(ring, text);
  }
}
