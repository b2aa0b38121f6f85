import { join } from 'node:path';
import type { Settings } from '#runtime';

/** What a newcomer reads when all is ready: where things are, and a curl that works as it stands. */
export function welcome(url: string, config: Settings, tokenFile: string | undefined, embeddedNats: boolean): string {
  const token = tokenFile ? `$(cat ${quoted(tokenFile)})` : '$FARMBELL_ADMIN_TOKEN';
  const loopback = /^https?:\/\/(127\.|localhost|\[::1\])/.test(url);
  const lines = [
    '',
    `Farmbell is ready: ${url}  (API: ${url}/docs)`,
    `  gRPC          ${config.FARMBELL_HOST}:${config.FARMBELL_GRPC_PORT}`,
    ...(embeddedNats
      ? [`  NATS          the URL for publishers is in ${join(config.FARMBELL_DATA_DIR, 'publisher-nats-url')}`]
      : []),
    `  admin token   ${tokenFile ? `in ${tokenFile}` : 'as set in FARMBELL_ADMIN_TOKEN'}`,
    ...(loopback
      ? ['  note          FARMBELL_PUBLIC_URL is a loopback address: links in messages open only on this machine']
      : []),
    '',
    'Publish a first event:',
    '',
    `  curl -s ${url}/v1/events -H "Authorization: Bearer ${token}" -H 'Content-Type: application/json' \\`,
    `    -d '{"type":"job.succeeded","printer":{"id":"x1c-3","name":"X1C"},"job":{"id":"142","name":"Benchy","duration_s":4980}}'`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}

const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);
