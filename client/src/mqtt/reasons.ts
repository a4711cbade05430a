import { SdkError, type SdkErrorCode } from '../sdk-error.ts'

/** What the codes of CONNACK mean here; those of MQTT 3.1.1 are below 0x80. */
const REFUSALS: ReadonlyMap<number, readonly [SdkErrorCode, string]> = new Map([
  [0x01, ['link_refused', 'the server does not speak this version of MQTT']],
  [0x04, ['unauthorized', 'the token is malformed']],
  [0x05, ['unauthorized', 'the token is refused']],
  [0x84, ['link_refused', 'the server does not speak this version of MQTT']],
  [0x86, ['unauthorized', 'the token is malformed']],
  [0x87, ['unauthorized', 'the token is refused']],
  [0x97, ['link_refused', 'the server has too many connections']],
])

export function connectRefusal(code: number): SdkError {
  const [kind, text] = REFUSALS.get(code) ?? ['link_refused', 'the server cannot serve it now']
  return new SdkError(kind, `The connection for events was refused: ${text} (0x${code.toString(16)}).`)
}

/** The reasons of a server's DISCONNECT (MQTT 5) that decide what to do next; any other: connect again. */
const ENDS: ReadonlyMap<number, readonly [SdkErrorCode, string]> = new Map([
  [0x87, ['unauthorized', 'the authorization is over']],
  [0x8b, ['link_failed', 'the server is stopping']],
  [0x8e, ['taken_over', 'another connection has taken this endpoint over']],
  [0x98, ['registration_ended', 'the registration has expired or was ended']],
])

export function disconnectError(code: number): SdkError {
  const [kind, text] = ENDS.get(code) ?? ['link_failed', 'the server closed it']
  return new SdkError(kind, `The connection for events ended: ${text} (0x${code.toString(16)}).`)
}
