import { Webhook } from 'standardwebhooks';
import { newSigningSecret, sign, signingSecretFault } from './signature.js';

const now = (): number => Math.floor(Date.now() / 1000);
const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

describe('a Standard Webhooks signature', () => {
  it('is the one of the published test vector', () => {
    expect(
      sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}'),
    ).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is accepted by the reference library, and refused when a byte changed', () => {
    const secret = newSigningSecret();
    const body = JSON.stringify({ type: 'job.failed', file: 'Bénchy 🚀.gcode' });
    const headers = (signature: string) => ({
      'webhook-id': 'd1',
      'webhook-timestamp': String(now()),
      'webhook-signature': signature,
    });
    const signature = sign(secret, 'd1', now(), body);
    expect(new Webhook(secret).verify(body, headers(signature))).toEqual(JSON.parse(body));
    expect(() => new Webhook(secret).verify(`${body} `, headers(signature))).toThrow();
    const rotated = `${sign(newSigningSecret(), 'd1', now(), body)} ${signature}`;
    expect(new Webhook(secret).verify(body, headers(rotated))).toEqual(JSON.parse(body));
  });

  it('signs the same bytes the same, as text or as bytes', () => {
    const secret = newSigningSecret();
    expect(sign(secret, 'd1', 1, 'ü')).toBe(sign(secret, 'd1', 1, Buffer.from('ü')));
  });

  it('refuses what would make a signature ambiguous', () => {
    expect(() => sign(newSigningSecret(), 'a.b', 1, '')).toThrow(/full stop/);
    expect(() => sign(newSigningSecret(), '', 1, '')).toThrow(/empty/);
    expect(() => sign(newSigningSecret(), 'a', 1.5, '')).toThrow(/whole seconds/);
    expect(() => sign('whsec_short', 'a', 1, '')).toThrow(/24 to 64 bytes/);
  });
});

describe('a signing secret', () => {
  it('is made of 32 random bytes', () => {
    const secret = newSigningSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(signingSecretFault(secret)).toBeUndefined();
    expect(newSigningSecret()).not.toBe(secret);
  });

  it('holds 24 to 64 bytes', () => {
    for (const bytes of [24, 32, 64]) expect(signingSecretFault(secretOf(bytes))).toBeUndefined();
    for (const bytes of [0, 1, 23, 65]) expect(signingSecretFault(secretOf(bytes))).toMatch(`holds ${bytes} bytes`);
  });

  it.each([
    '',
    'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  ])('%j lacks the prefix', (secret) => {
    expect(signingSecretFault(secret)).toMatch(/does not begin with whsec_.*24 to 64 bytes/);
  });

  it('is strict base64, and its fault does not repeat it', () => {
    const fault = signingSecretFault('whsec_not base64 at all, but long enough');
    expect(fault).toMatch(/other than base64/);
    expect(fault).not.toContain('long enough');
    expect(signingSecretFault('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n')).toBeDefined();
  });
});
