/** Why no answer came, as operators see it. */
export type PostFailure =
  | 'timeout'
  | 'address_refused'
  | 'name_not_resolved'
  | 'connection_refused'
  | 'connection_failed'
  | 'certificate_refused'
  | 'bad_answer'

export class PostError extends Error {
  readonly failure: PostFailure

  constructor(failure: PostFailure) {
    super(failure)
    this.name = 'PostError'
    this.failure = failure
  }
}

/** Never the error's own text: it may hold what the receiver sent. */
export function failureOf(error: unknown): PostFailure {
  if (error instanceof PostError) return error.failure
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  if (typeof code !== 'string') return 'connection_failed'
  if (code === 'ECONNREFUSED') return 'connection_refused'
  if (code.startsWith('HPE_')) return 'bad_answer'
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code) ? 'certificate_refused' : 'connection_failed'
}
