import type { Tags } from '../../masks/masks.ts'
import type { RegistrationKey } from '../../store/store.ts'

const FORM = /^([0-9a-z]{1,11})-([0-9a-z]{1,11})-([\w-]{16})$/

/**
 * What events are called on streams: the same over every stream of their registration, whichever process has it, and nothing else
 * ever. Opaque to clients, and made by nobody else: who believed a made-up one would send nothing up to it, and its device would
 * never ring.
 */
export class StreamIds {
  readonly #tags: Tags

  constructor(tags: Tags) {
    this.#tags = tags
  }

  of(registration: RegistrationKey, sequence: number): string {
    const { registrationId } = registration
    const place = `${registrationId.toString(36)}-${sequence.toString(36)}`
    return `${place}-${this.#tags.tag(contextOf(registration, place))}`
  }

  /** Up to where a client says it has everything; 0 where that is of another registration, or was made up. */
  sequenceAfter(registration: RegistrationKey, lastEventId: string | undefined): number {
    const [, registrationId = '', sequence = '', tag = ''] = FORM.exec(lastEventId ?? '') ?? []
    const context = contextOf(registration, `${registrationId}-${sequence}`)
    const isOurs = Number.parseInt(registrationId, 36) === registration.registrationId
    return isOurs && this.#tags.isTag(tag, context) ? Number.parseInt(sequence, 36) : 0
  }
}

/** Numbers of registrations begin again with an older backup: an id is good for one endpoint only. */
function contextOf({ organizationId, userId, userEndpointId }: RegistrationKey, place: string): string {
  return `stream id\0${organizationId}/${userId}/${userEndpointId}\0${place}`
}
