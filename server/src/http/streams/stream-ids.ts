import type { RegistrationKey } from '../../store/store.ts'

const FORM = /^([0-9a-z]{1,11})-([0-9a-z]{1,11})$/

/**
 * What an event is called on a stream: the same over every stream of its registration, and nothing else ever. Opaque to
 * clients.
 */
export function streamId(
  { registrationId }: Pick<RegistrationKey, 'registrationId'>,
  sequence: number,
): string {
  return `${registrationId.toString(36)}-${sequence.toString(36)}`
}

/** Up to where a client says it has everything; 0 where that is of another registration, or was made up. */
export function sequenceAfter(
  { registrationId }: Pick<RegistrationKey, 'registrationId'>,
  lastEventId: string | undefined,
): number {
  const [, registration = '', sequence = ''] = FORM.exec(lastEventId ?? '') ?? []
  if (Number.parseInt(registration, 36) !== registrationId) return 0
  const after = Number.parseInt(sequence, 36)
  return Number.isSafeInteger(after) ? after : 0
}
