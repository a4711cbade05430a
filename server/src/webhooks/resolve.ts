import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'

const TIMEOUT_MS = 3_000
const TRIES = 2

/** Finds the addresses of a host. Rejects where there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>

/**
 * Asks the name servers without one of the few threads of the pool that the system's own resolver would hold, which
 * a name server that does not answer could use up. Names that no server knows may still stand in the hosts file:
 * for those the system is asked, one at a time.
 */
export function createResolve(): Resolve {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  let asking: Promise<unknown> = Promise.resolve()
  const askSystem = (host: string): Promise<readonly string[]> => {
    const answer = asking.then(() => lookup(host, { all: true }))
    asking = answer.catch(() => undefined)
    return answer.then((found) => found.map(({ address }) => address))
  }
  return async (host) => {
    if (isIP(host) !== 0) return [host]
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    if (found.length > 0) return found
    if (v4.status === 'rejected' && !isUnknownName(v4.reason)) throw v4.reason
    return askSystem(host)
  }
}

/** The name servers know no such name or address, or there is none that could be asked. */
function isUnknownName(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return code === 'ENOTFOUND' || code === 'ENODATA' || code === 'ECONNREFUSED'
}
