import type { AskName, Asks } from '#contracts';
import type { QuietSettings } from './settings.js';

type On = <K extends AskName>(name: K, handle: (input: Asks[K][0]) => Promise<Asks[K][1]>) => void;

export function answerQuiet(on: On, settings: QuietSettings): void {
  on('rules.quiet.get', (whose) => settings.get(whose));
  on('rules.quiet.put', async ({ quiet_hours, ...whose }) => {
    if (quiet_hours !== null) return settings.put(whose, quiet_hours);
    // refused where there is no such organization, before anything is done
    await settings.get(whose);
    await settings.remove(whose);
    return settings.get(whose);
  });
}
