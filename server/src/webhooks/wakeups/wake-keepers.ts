import { type Cluster, decodeMessage, encodeMessage, keeperOf } from '../../cluster/cluster.ts'
import type { RegistrationKey } from '../../store/store.ts'
import { toKey } from '../../store/store.ts'
import type { WakeEvent } from './wake-request.ts'

/** How long another process has to say that it wakes a device; then it is woken from here, milliseconds. */
const WITHIN_MS = 2_000

/** Whom to wake, and for what. */
export type Waking = {
  readonly registration: RegistrationKey
  readonly event: WakeEvent
  readonly sequence: number
}

type KeepersOptions = {
  readonly cluster: Pick<Cluster, 'nodes' | 'requests'> | undefined
  /** Wakings that may be on their way to others at a time; the rest is woken from here. */
  readonly underWayMax: number
  /** Wakes from here. */
  readonly wake: (waking: Waking) => void
}

/**
 * Each device is woken by one process, which knows when it did last: otherwise a device for which events come to three would be
 * woken three times as often. Where that one does not say that it will, whoever has the event does: better twice than never.
 */
export class WakeKeepers {
  readonly #options: KeepersOptions
  #underWay = 0

  constructor(options: KeepersOptions) {
    this.#options = options
    options.cluster?.requests.answer('wake', (question) => {
      const waking = decode(question)
      if (waking === undefined) throw new TypeError('a waking that cannot be read')
      options.wake(waking)
      return new Uint8Array()
    })
  }

  wake(waking: Waking): void {
    const { cluster, underWayMax, wake } = this.#options
    const { registrationId } = waking.registration
    const keeper = this.isOwn(registrationId) ? undefined : cluster?.nodes.keeperOf(nameOf(registrationId))
    if (cluster === undefined || keeper === undefined || this.#underWay >= underWayMax) {
      wake(waking)
      return
    }
    this.#underWay++
    void cluster.requests
      .ask(keeper, 'wake', encode(waking), WITHIN_MS)
      .catch(() => wake(waking))
      .finally(() => {
        this.#underWay--
      })
  }

  /** Whether this process wakes the device. */
  isOwn(registrationId: number): boolean {
    const { nodes } = this.#options.cluster ?? {}
    return nodes === undefined || nodes.keeperOf(nameOf(registrationId)) === nodes.self
  }

  /** Whether this process wakes the device since another one died. */
  isLeftBy(dead: string, registrationId: number): boolean {
    const { nodes } = this.#options.cluster ?? {}
    if (nodes === undefined || !this.isOwn(registrationId)) return false
    return keeperOf(nameOf(registrationId), [nodes.self, ...nodes.heard(), dead]) === dead
  }
}

function nameOf(registrationId: number): string {
  return `wake ${registrationId}`
}

/** The event itself goes along: whether the device is told it only its registration says. */
function encode({ registration, event: { bytes, ...event }, sequence }: Waking): Buffer {
  const head = {
    kind: 'wake',
    registration: toKey(registration),
    event,
    sequence,
    hasBytes: bytes !== undefined,
  }
  return encodeMessage(head, bytes)
}

function decode(question: Uint8Array): Waking | undefined {
  const { head, body } = decodeMessage(question) ?? {}
  if (head === undefined || body === undefined) return undefined
  const { registration, event, sequence, hasBytes } = head as unknown as Waking & {
    readonly hasBytes: boolean
  }
  const bytes = hasBytes ? body : undefined
  return { registration, sequence, event: { ...event, expiresAtWallMs: event.expiresAtWallMs, bytes } }
}
