import type { Result } from '../history/lines.ts'
import type { RecordedCall } from '../history/recorder.ts'

/** Longer than a server of a test takes, unless it is gone. */
const TIMEOUT_MS = 8_000

export type Answered = { readonly status: number; readonly headers: Headers; readonly text: string }

/** Calls the HTTP API; `undefined`: no answer came. */
export async function tryCall(
  url: string,
  token: string,
  line: string,
  body?: string,
  headers: { readonly [name: string]: string } = {},
): Promise<Answered | Unanswered> {
  const [method = '', path = ''] = line.split(' ')
  try {
    const response = await fetch(`${url}/rtc-api/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  } catch (error) {
    return { isUnreached: isRefusedConnection(error) }
  }
}

/** Nobody answered. `isUnreached`: nobody heard it either. */
export type Unanswered = { readonly isUnreached: boolean }

export function isAnswered(answer: Answered | Unanswered): answer is Answered {
  return 'status' in answer
}

function isRefusedConnection(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}

/**
 * Ends a call as its answer says: PROTOCOL.md, What a 503 means.
 *
 * @param isSend only what is sent is known not to have been done where 503 names no event
 */
export function endCall(
  call: RecordedCall,
  answer: Answered | Unanswered,
  resultOf: (answer: Answered) => Result = () => ({}),
  isSend = false,
): boolean {
  if (!isAnswered(answer)) {
    if (answer.isUnreached) call.refused('unreachable')
    else call.unknown()
    return false
  }
  const { status, headers } = answer
  if (status < 300) {
    call.ok(resultOf(answer))
    return true
  }
  const isUnknown = status === 500 || (status === 503 && (!isSend || headers.has('event-id')))
  if (isUnknown) call.unknown()
  else call.refused(...refusalOf(answer.text))
  return false
}

/** Its code, and who answered first where somebody did. */
function refusalOf(text: string): [error: string, answeredBy?: string] {
  try {
    const { error, answeredBy } = JSON.parse(text) as { error?: unknown; answeredBy?: unknown }
    return typeof answeredBy === 'string' ? [String(error), answeredBy] : [String(error)]
  } catch {
    return ['malformed']
  }
}
