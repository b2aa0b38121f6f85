import { randomBytes } from 'node:crypto';
import { natsUsers } from '#contracts';

/** Every NATS user of a server of one's own. */
export const userNames = ['operator', ...Object.keys(natsUsers)];

/** The environment variable that holds a NATS user's password. */
export const passwordVariable = (user: string) => `FARMBELL_NATS_PASSWORD_${user.replaceAll('-', '_').toUpperCase()}`;

/** Safe in URLs and configuration files; a letter first, as nats-server would read digits as a number. */
export const newPassword = () => `p${randomBytes(24).toString('hex')}`;
