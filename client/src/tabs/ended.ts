import { createClient } from '../http-client.ts'
import type { ClientClock } from '../platform.ts'
import { SdkError } from '../sdk-error.ts'
import type { GetToken } from '../token-source.ts'
import { withTimeout } from '../waiting.ts'
import type { TabMessage } from './messages.ts'

/** Whose end it was, and how to ask the server. */
export type EndedEndpoint = {
  readonly userEndpointId: string
  readonly url: string
  readonly getToken: GetToken
  readonly fetch: typeof fetch
  readonly clock: ClientClock
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Why one endpoint has lost the connection. The server ends a connection as a whole when one of its endpoints is taken
 * over, expires or loses its authorization, and does not say which. Each tab finds out about its own as it comes back,
 * but for one that was taken over, which would take itself back. Never rejects.
 */
export async function reasonOf(
  { code, message, isShared }: Extract<TabMessage, { kind: 'ended' }>,
  endpoint: EndedEndpoint,
): Promise<SdkError> {
  const isMine = isShared !== true || (code === 'taken_over' && (await isConnected(endpoint)))
  return new SdkError(isMine ? code : 'link_failed', message)
}

/** Whether the endpoint has a connection: one that is not this one's, which is gone. */
async function isConnected(endpoint: EndedEndpoint): Promise<boolean> {
  const { userEndpointId, url, getToken, fetch } = endpoint
  try {
    return await withTimeout({ ...endpoint, what: url }, async (signal) => {
      const token = await getToken({ signal, refused: false })
      return (await createClient({ url, token, fetch, signal }).endpoint(userEndpointId)).connected
    })
  } catch {
    return false
  }
}
