/**
 * The closed list of errors, in one table: HTTP status, MQTT 5 reason code, whether the same request may
 * succeed later, and what it means. `docs/errors.md` says the same to people; a check holds the two together.
 */
type ErrorRow = {
  readonly status: number
  /** MQTT 5 reason code (MQTT 5.0 §2.4). */
  readonly reason: number
  readonly retryable: boolean
  readonly text: string
}

export const ERRORS = {
  invalid_request: { status: 400, reason: 0x83, retryable: false, text: 'The request is not valid.' },
  malformed_json: { status: 400, reason: 0x99, retryable: false, text: 'The body is not valid JSON.' },
  event_too_large: { status: 400, reason: 0x95, retryable: false, text: 'The event is too large.' },
  invalid_mask: { status: 400, reason: 0x83, retryable: false, text: 'A mask is not valid.' },
  organization_required: {
    status: 400,
    reason: 0x83,
    retryable: false,
    text: 'A caller with role SERVICE must name the organization.',
  },
  organization_unknown: {
    status: 400,
    reason: 0x83,
    retryable: false,
    text: 'There is no such organization.',
  },
  no_organization: {
    status: 400,
    reason: 0x83,
    retryable: false,
    text: 'The caller belongs to no organization and so has no endpoints.',
  },
  endpoint_unknown: {
    status: 400,
    reason: 0x90,
    retryable: false,
    text: 'No such endpoint of yours is registered now.',
  },
  too_many_endpoints: {
    status: 400,
    reason: 0x97,
    retryable: false,
    text: 'The user has too many endpoints.',
  },
  unauthorized: { status: 401, reason: 0x87, retryable: false, text: 'A valid bearer token is required.' },
  forbidden: { status: 403, reason: 0x87, retryable: false, text: 'The caller may not do this.' },
  not_found: { status: 404, reason: 0x90, retryable: false, text: 'There is nothing here.' },
  method_not_allowed: {
    status: 405,
    reason: 0x83,
    retryable: false,
    text: 'The method is not allowed here.',
  },
  answered_elsewhere: {
    status: 409,
    reason: 0x83,
    retryable: false,
    text: 'Another endpoint was the first to answer.',
  },
  directory_conflict: {
    status: 409,
    reason: 0x83,
    retryable: false,
    text: 'The directory cannot be changed so.',
  },
  precondition_failed: {
    status: 412,
    reason: 0x83,
    retryable: false,
    text: 'Somebody has changed it meanwhile.',
  },
  precondition_required: {
    status: 428,
    reason: 0x83,
    retryable: false,
    text: 'The request must say what it has seen, with If-Match.',
  },
  request_timeout: {
    status: 408,
    reason: 0x83,
    retryable: true,
    text: 'The request took too long to arrive.',
  },
  payload_too_large: { status: 413, reason: 0x95, retryable: false, text: 'The body is too large.' },
  unsupported_media_type: {
    status: 415,
    reason: 0x83,
    retryable: false,
    text: 'The content type is not supported.',
  },
  headers_too_large: {
    status: 431,
    reason: 0x95,
    retryable: false,
    text: 'The request headers are too large.',
  },
  mailbox_full: {
    status: 429,
    reason: 0x97,
    retryable: true,
    text: 'The mailbox of every endpoint is full.',
  },
  rate_limited: { status: 429, reason: 0x97, retryable: true, text: 'Too many requests in too little time.' },
  internal_error: { status: 500, reason: 0x80, retryable: true, text: 'The server failed.' },
  unavailable: { status: 503, reason: 0x88, retryable: true, text: 'The server cannot serve this now.' },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/** Tells whether `value` is one of the codes above. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}

/**
 * The one error that crosses the wire. Anything else thrown is a programmer's error and is answered
 * `internal_error` without its text.
 */
export class RollcallError extends Error {
  readonly code: ErrorCode
  /** For a bad field: field name → what was expected. */
  readonly fields: ReadonlyMap<string, string>
  /** Seconds, for the `Retry-After` header. */
  readonly retryAfterSeconds: number | undefined
  /** Whether what was refused may take effect all the same: its write was under way when it failed, and is tried again. */
  readonly isUndecided: boolean
  /** The event of which that is so: its history tells later. */
  readonly eventId: string | undefined

  constructor(
    code: ErrorCode,
    message: string = ERRORS[code].text,
    details: {
      fields?: Iterable<readonly [string, string]>
      retryAfterSeconds?: number
      isUndecided?: boolean
      eventId?: string
      cause?: unknown
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'RollcallError'
    this.code = code
    this.fields = new Map(details.fields)
    this.retryAfterSeconds = details.retryAfterSeconds
    this.isUndecided = details.isUndecided === true
    this.eventId = details.eventId
  }
}

/** An error as it crosses the wire: `error` and `message`, a member for each bad field, `eventId` where there is one. */
export type ErrorObject = {
  readonly error: string
  readonly message: string
  readonly [field: string]: string
}

export function errorObject({ fields, code, message, eventId }: RollcallError): ErrorObject {
  // Ours come last: no field may take their place.
  const event = eventId === undefined ? {} : { eventId }
  return { ...Object.fromEntries(fields), ...event, error: code, message }
}
