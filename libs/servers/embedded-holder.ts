/** For the specs: a process that runs the embedded servers, says so with one line of JSON, and stays until it is ended. */
import { startEmbedded } from './embedded.js';

const embedded = await startEmbedded({ ...JSON.parse(process.argv[2] ?? '{}'), durable: false });
process.once('SIGTERM', () => void embedded.stop().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify({ natsUrl: embedded.natsUrl, databaseUrl: embedded.databaseUrl })}\n`);
setInterval(() => undefined, 60_000);
