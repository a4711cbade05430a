import type { CustomFetchOptions } from 'openid-client'
import type { Clock } from '../../clock/clock.ts'
import { isTrustworthyUrl } from '../foreign/foreign-issuers.ts'

const TIMEOUT_MS = 5_000
const BYTES_MAX = 262_144

/** The provider is not there, or not as one can talk to it. The message can be logged: it quotes nothing of what came. */
export class ProviderFault extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProviderFault'
  }
}

export type ProviderFetch = (url: string, options: CustomFetchOptions) => Promise<Response>

type Bounds = { readonly timeoutMs?: number; readonly bytesMax?: number }

/**
 * What the library asks the provider by: within a time and a size, of an address that nobody can listen to, and without
 * following it elsewhere.
 *
 * @throws ProviderFault
 */
export function createProviderFetch(
  clock: Pick<Clock, 'after'>,
  { timeoutMs = TIMEOUT_MS, bytesMax = BYTES_MAX }: Bounds = {},
): ProviderFetch {
  return async (url, { body, ...options }) => {
    if (!isTrustworthyUrl(url)) throw new ProviderFault('names an address that is neither https nor loopback')
    const abort = new AbortController()
    const timer = clock.after(timeoutMs, () => abort.abort())
    try {
      const sent = body === undefined || body === null ? {} : { body }
      const response = await fetch(url, { ...options, ...sent, redirect: 'manual', signal: abort.signal })
      if (response.status >= 300 && response.status < 400) throw new ProviderFault('leads elsewhere')
      const bytes = await bytesOf(response, bytesMax)
      return new Response(bytes.length === 0 ? null : new Uint8Array(bytes), response)
    } catch (error) {
      if (error instanceof ProviderFault) throw error
      throw new ProviderFault(
        abort.signal.aborted ? `did not answer within ${timeoutMs} ms` : 'could not be reached',
      )
    } finally {
      timer.cancel()
      // Also after an error: a body that nobody reads would hold its connection.
      abort.abort()
    }
  }
}

async function bytesOf(response: Response, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw new ProviderFault(`answered more than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
