import type { On } from '../on.js';
import type { QuietSettings } from './settings.js';

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
