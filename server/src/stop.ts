import type { Clock } from './clock/clock.ts'

/**
 * Time that a stop may take beyond `drainSeconds`, milliseconds. With the default 5 s of draining this is 8 s in all:
 * systemd's and Docker's habit is to kill after 10.
 */
const GRACE_MS = 3_000

/**
 * Closes the server, and gives up once it takes too long: a disk that does not answer must not make whoever stopped us
 * wait. What was answered is durable at any moment.
 *
 * @returns whether everything was closed in time
 */
export async function stopWithin(
  server: { close(): Promise<void> },
  drainSeconds: number,
  clock: Pick<Clock, 'after'>,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(drainSeconds * 1000 + GRACE_MS, () => resolve(false))
    server.close().then(() => {
      timer.cancel()
      resolve(true)
    }, reject)
  })
}
