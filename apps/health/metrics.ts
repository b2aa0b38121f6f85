import { Counter } from 'prom-client';
import { atScrape, metrics } from '#runtime';

const registers = [metrics];
const warned = new Counter({
  name: 'farmbell_channels_warned_total',
  help: 'Channels that began to fail: channel.failing was published',
  registers,
});
const disabled = new Counter({
  name: 'farmbell_channels_disabled_total',
  help: 'Channels that were commanded to be disabled because too many deliveries failed, or their destination is gone; a dead token counts once',
  labelNames: ['cause'],
  registers,
});
for (const cause of ['failures', 'gone']) disabled.inc({ cause }, 0);

/** What was published twice is one. */
export const countWarned = ({ duplicate }: { duplicate: boolean }): void => {
  if (!duplicate) warned.inc();
};
export const countDisabled = (gone: boolean, { duplicate }: { duplicate: boolean }): void => {
  if (!duplicate) disabled.inc({ cause: gone ? 'gone' : 'failures' });
};

/** Of the active replica; undefined elsewhere. */
let failing: number | undefined;
atScrape(
  {
    name: 'farmbell_channels_failing',
    help: 'Enabled channels that fail, but are not disabled; of the whole farm, told by the active replica of health',
    labelNames: [],
  },
  () => (failing === undefined ? [] : [[{}, failing]]),
);
export const tellFailing = (count: number | undefined): void => {
  failing = count;
};
