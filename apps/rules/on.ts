import type { AskName, Asks } from '#contracts';

/** Registers what answers a question. */
export type On = <K extends AskName>(name: K, handle: (input: Asks[K][0]) => Promise<Asks[K][1]>) => void;
