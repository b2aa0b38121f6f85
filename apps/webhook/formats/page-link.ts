import type { FarmEvent } from '#contracts';
import type { FormatContext } from './format.js';

/** Where people get to: Farmbell itself, and its own page of the event. */
export type Pages = Pick<FormatContext, 'publicUrl' | 'page'>;

/** The page that people open for an event: the publisher's own, else Farmbell's page of this event. */
export const pageLink = ({ link }: FarmEvent, { publicUrl, page }: Pages): string => link ?? page ?? publicUrl;
