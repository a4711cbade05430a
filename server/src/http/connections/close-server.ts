import type { Server } from 'node:http'
import type { Clock } from '../../clock/clock.ts'

/** How often connections that have become idle meanwhile are closed, milliseconds. */
const SWEEP_MS = 100

/** Connections that the server does not know of. */
export type OtherConnections = { closeIdle(): void; closeAll(): void }

/** Takes no more connections, and resolves once those there are have ended, or were cut after `graceMs`. */
export function closeServer(
  server: Server,
  clock: Clock,
  graceMs: number,
  others: OtherConnections | undefined,
): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = clock.after(graceMs, () => {
      server.closeAllConnections()
      others?.closeAll()
      end()
    })
    // A connection whose last answer is sent only now would otherwise wait for its next request.
    const sweep = clock.every(SWEEP_MS, () => {
      server.closeIdleConnections()
      others?.closeIdle()
    })
    const end = (): void => {
      timer.cancel()
      sweep.cancel()
      resolve()
    }
    server.close(end)
  })
}
