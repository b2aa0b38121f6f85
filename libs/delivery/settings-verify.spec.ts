import { z } from 'zod';
import type { Problem } from '#contracts';
import { channel } from './channel.js';
import type { AnyChannel } from './settings.js';
import { verifySettings } from './settings.js';

const token = 'secret-token-0123456789';
const calls = { http: { request: () => Promise.reject(new Error('not here')) }, origin: 'https://x.example' };
const typeWith = (verify: AnyChannel['verify']): AnyChannel => ({
  ...channel({
    type: 'telegram',
    chat: true,
    origin: '',
    settings: z.looseObject({ token: z.string().meta({ secret: true }) }),
    scope: () => '',
    retry: { mode: 'once', schedule: [0], expiresAfterS: 60 },
    render: () => null,
    send: () => Promise.reject(new Error('not here')),
  }),
  ...(verify && { verify }),
});

it('settings that the provider takes, or that a type cannot ask for, are right', async () => {
  const asked: unknown[] = [];
  const asking = typeWith(async (settings, sending) => {
    asked.push(settings, sending.origin);
    return [];
  });
  await verifySettings(asking, { token }, calls);
  expect(asked).toEqual([{ token }, 'https://x.example']);
  await verifySettings(typeWith(undefined), { token }, calls);
});

it('each fault is named by its path, without a secret in it', async () => {
  const faulty = typeWith(async () => [
    ['token', `is not known: ${token}`],
    ['chat_id', 'is no chat of this bot: add it there'],
  ]);
  const problem = await verifySettings(faulty, { token }, calls).then(
    () => undefined,
    (error: Problem) => error,
  );
  expect(problem?.status).toBe(422);
  expect(problem?.errors).toEqual([
    { path: 'settings.token', message: 'is not known: [redacted]' },
    { path: 'settings.chat_id', message: 'is no chat of this bot: add it there' },
  ]);
});
