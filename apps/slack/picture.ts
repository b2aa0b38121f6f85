import type { FarmEvent } from '#contracts';
import { checkUrl, egressPolicy, type Links } from '#delivery';

const internet = egressPolicy({ allow: [], forbidden: [], trusted: [] });
/** Names that mean nothing outside of one network: RFC 6761, RFC 6762, RFC 8375, ICANN's .internal, and what routers give out. */
const localName = /\.(?:localhost|localdomain|local|lan|internal|intranet|home|arpa|test|invalid)$/;
// https://docs.slack.dev/reference/block-kit/blocks/image-block
const longestAddress = 3000;

/**
 * The address of the event's picture, if Slack can fetch it: its servers do so before they answer, and refuse the message when
 * they fail. An address of the farm's own network can never work.
 */
export function pictureOf({ snapshot }: Pick<FarmEvent, 'snapshot'>, { publicUrl }: Links): string | undefined {
  if (!snapshot) return undefined;
  const address = 'id' in snapshot ? `${publicUrl}/s/${snapshot.id}` : snapshot.url;
  if (!isPublic(address)) return undefined;
  const { href } = new URL(address);
  return href.length <= longestAddress ? href : undefined;
}

/** https, at a public address or at a name that the internet may know. */
export function isPublic(address: string): boolean {
  if (checkUrl(address, { allowHttp: false, policy: internet }) !== undefined) return false;
  const { hostname } = new URL(address);
  return hostname.startsWith('[') || (hostname.includes('.') && !localName.test(hostname));
}
