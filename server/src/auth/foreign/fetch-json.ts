import type { Clock } from '../../clock/clock.ts'

const TIMEOUT_MS = 5_000
const BYTES_MAX = 262_144

/**
 * Gets a JSON document. Rejects for anything but a 200 with JSON of a reasonable size within a reasonable
 * time; the error's message can be logged, it quotes nothing of what came.
 */
export type FetchJson = (url: string) => Promise<unknown>

type Bounds = { readonly timeoutMs?: number; readonly bytesMax?: number }

/** Over Node's own `fetch`. A redirect is an error: the address was configured, nobody else may choose it. */
export function createFetchJson(
  clock: Pick<Clock, 'after'>,
  { timeoutMs = TIMEOUT_MS, bytesMax = BYTES_MAX }: Bounds = {},
): FetchJson {
  return async (url) => {
    const abort = new AbortController()
    const timer = clock.after(timeoutMs, () => abort.abort())
    try {
      return parse(await getText(url, abort.signal, bytesMax))
    } catch (error) {
      throw abort.signal.aborted ? new Error(`did not answer within ${timeoutMs} ms`) : error
    } finally {
      timer.cancel()
      // Also after an error: a body that nobody reads would hold its connection.
      abort.abort()
    }
  }
}

async function getText(url: string, signal: AbortSignal, bytesMax: number): Promise<string> {
  const response = await reach(url, signal)
  if (response.status !== 200) throw new Error(`answered ${response.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw new Error(`answered more than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function reach(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'error', headers: { accept: 'application/json' }, signal })
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    const reason = cause instanceof Error ? (Reflect.get(cause, 'code') ?? cause.message) : 'no answer'
    throw new Error(`could not be reached (${reason})`)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    throw new Error('answered something that is not JSON')
  }
}
