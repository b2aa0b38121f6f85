import type { On } from '../on.js';
import type { AppConnections } from './app-connections.js';

export function answerAppConnections(on: On, connections: AppConnections): void {
  on('rules.app.create', ({ account, id, hash, connection }) => connections.create(account, id, hash, connection));
  on('rules.app.list', (asked) => connections.list(asked));
  on('rules.app.delete', ({ account, id }) => connections.delete(account, id).then(() => null));
  on('rules.app.verify', ({ hash }) => connections.verify(hash));
  on('rules.app.set', ({ account, id, webhook }) => connections.set(account, id, webhook).then(() => null));
  on('rules.app.unset', ({ account, id }) => connections.unset(account, id).then(() => null));
}
