/** Longer than any call of a test takes; nothing waits for ever for a server that hangs. */
const TIMEOUT_MS = 60_000

export type Called = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body; `undefined` where there is none. */
  readonly json: unknown
}

/** Calls the HTTP API with Node's own client. */
export async function call(url: string, token: string, line: string, body?: unknown): Promise<Called> {
  const [method = '', path = ''] = line.split(' ')
  const response = await fetch(`${url}/rtc-api/${path}`, {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text === '' ? undefined : JSON.parse(text),
  }
}
