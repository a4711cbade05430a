/** What may go wrong on this side of the wire, each with what it means to whoever reads the message. */
export const SDK_ERRORS = {
  invalid_option: 'An option is not valid.',
  unsupported_platform: 'This platform lacks something that is needed, and none was handed in.',
  unreachable: 'The server cannot be reached.',
  wrong_server: 'What answers there is no Rollcall server.',
  token_failed: 'getToken gave no token.',
  unauthorized: 'The server refuses the access token.',
  timeout: 'There was no answer in time.',
  link_failed: 'The connection for events failed.',
  link_refused: 'The server refused the connection for events.',
  protocol_error: 'The server sent what MQTT does not allow.',
  taken_over: 'Another connection has taken this endpoint over.',
  registration_ended: 'The registration has expired or was ended.',
  handler_failed: 'The event handler failed.',
  handler_timeout: 'The event handler did not settle in time.',
  bad_event: 'What came is no event.',
  unhandled_event: 'There is no handler for events of this type.',
  queue_full: 'Too many events wait for the handler; one of QoS 0 was dropped.',
  wake_up_failed: 'How to wake this device could not be found out; it is registered without.',
  listener_failed: 'A listener of states failed.',
  not_online: 'It has not been online for a while, and goes on trying.',
  ended: 'The registration has come to an end that the app has not asked for.',
  aborted: 'The signal was aborted.',
  closed: 'The registration is closed.',
} as const satisfies Record<string, string>

export type SdkErrorCode = keyof typeof SDK_ERRORS

/** An error that this package found itself. What the server refuses is a `RollcallError` instead. */
export class SdkError extends Error {
  readonly code: SdkErrorCode
  /** Id of the event that the error is about, where there is one. */
  readonly eventId: string | undefined

  constructor(
    code: SdkErrorCode,
    message: string = SDK_ERRORS[code],
    details: { cause?: unknown; eventId?: string | undefined } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'SdkError'
    this.code = code
    this.eventId = details.eventId
  }
}

/** The text of whatever was thrown. */
export function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  // fetch says "fetch failed" and hides why.
  const cause = thrown.cause instanceof Error ? thrown.cause.message : ''
  return cause === '' ? thrown.message : `${thrown.message}: ${cause}`
}
