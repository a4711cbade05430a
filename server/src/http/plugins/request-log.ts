import type { Random } from '../../clock/clock.ts'
import type { App } from '../app-type.ts'
import { clientAddress } from '../connections/client-address.ts'
import type { HttpServices } from '../services.ts'

/** One debug line for each request: the route's pattern, never its URL, headers or body. */
export function logRequests(app: App, log: HttpServices['log']): void {
  app.addHook('onResponse', (request, reply, done) => {
    log.debug('request', {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      elapsedMs: reply.elapsedTime,
      ip: clientAddress(request.ips ?? [request.ip]),
    })
    done()
  })
}

/** An `X-Request-Id` that is taken as it is. */
export const CLEAN_ID = /^[\w.-]{1,64}$/

/** Ids for requests: the caller's `X-Request-Id` where it is short and clean, otherwise one of ours. */
export function requestIds(random: Random): (given: string | undefined) => string {
  const start = random.bytes(6).toString('hex')
  let count = 0
  return (given) => {
    if (given !== undefined && CLEAN_ID.test(given)) return given
    count++
    return `${start}-${count.toString(36)}`
  }
}
