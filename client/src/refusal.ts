import { type ErrorCode, isErrorCode, RollcallError } from '@rollcall/protocol/error-code'
import { isObject } from './answers.ts'

/** What a refusal that names no code of ours means, by its HTTP status: an intermediary or a newer server. */
const CODE_OF_STATUS: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [405, 'method_not_allowed'],
  [408, 'request_timeout'],
  [413, 'payload_too_large'],
  [415, 'unsupported_media_type'],
  [429, 'unavailable'],
  [431, 'headers_too_large'],
  [502, 'unavailable'],
  [503, 'unavailable'],
  [504, 'unavailable'],
])

/** The error that a refusal's body describes. */
export async function refusalOf(response: Response): Promise<RollcallError> {
  const body = await readObject(response)
  const { error, message, eventId, ...others } = body
  const code = isErrorCode(error) ? error : codeOf(response.status)
  const fields = Object.entries(others).flatMap(([name, text]): [string, string][] =>
    typeof text === 'string' ? [[name, text]] : [],
  )
  const retryAfterSeconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10)
  return new RollcallError(
    code,
    typeof message === 'string' ? message : `The server answered with status ${response.status}.`,
    {
      fields,
      ...(Number.isNaN(retryAfterSeconds) ? {} : { retryAfterSeconds }),
      // The event may be delivered all the same.
      ...(typeof eventId === 'string' ? { eventId, isUndecided: true } : {}),
    },
  )
}

function codeOf(status: number): ErrorCode {
  return CODE_OF_STATUS.get(status) ?? (status < 500 ? 'invalid_request' : 'internal_error')
}

async function readObject(response: Response): Promise<{ readonly [name: string]: unknown }> {
  try {
    const value: unknown = await response.json()
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

/** @throws RollcallError `internal_error` when the body is no JSON */
export async function parseJsonAnswer(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (cause) {
    throw new RollcallError('internal_error', 'The answer is not JSON.', { cause })
  }
}
