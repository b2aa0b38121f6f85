import { Problem } from '#contracts';

export const tooManyGuesses = (waitS: number): Problem =>
  new Problem(429, 'Too many requests', 'This address sent too many bad tokens; wait before the next', undefined, waitS);
