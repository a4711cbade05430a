import type { Address } from './wire.ts'

/** How long a connection may take to be there, milliseconds. */
export const CONNECT_MS = 1_500

/** No retries, no queue, no cluster of its own: what becomes of a command is decided here, and not in the client. */
export function clientOptions(address: Address) {
  const { username, password, database = 0, tls, host, port } = address
  return {
    ...{ host, port, db: database, lazyConnect: true, connectTimeout: CONNECT_MS, noDelay: true },
    ...{
      enableReadyCheck: false,
      retryStrategy: () => null,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
    },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: { ...tls } }),
  }
}
