import { type Cluster, decodeMessage, encodeMessage, keeperOf } from '../../cluster/cluster.ts'
import { toKey } from '../../store/store.ts'
import type { WakeAttempt } from './wake-queue.ts'

/** How long another process has to say that it wakes a device; then it is woken from here, milliseconds. */
const WITHIN_MS = 2_000

type KeepersOptions = {
  readonly cluster: Pick<Cluster, 'nodes' | 'requests'> | undefined
  /** Wakings that may be on their way to others at a time; the rest is woken from here. */
  readonly underWayMax: number
  /** Wakes from here. */
  readonly wake: (waking: WakeAttempt) => void
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

  wake(waking: WakeAttempt): void {
    if (!this.handOn(waking)) this.#options.wake(waking)
  }

  /** @returns whether it is another process's to wake the device: then it is told, and where it is not there, this one wakes */
  handOn(waking: WakeAttempt): boolean {
    const { cluster, underWayMax, wake } = this.#options
    const { registrationId } = waking.registration
    if (cluster === undefined || this.isOwn(registrationId) || this.#underWay >= underWayMax) return false
    const keeper = cluster.nodes.keeperOf(nameOf(registrationId))
    this.#underWay++
    void cluster.requests
      .ask(keeper, 'wake', encode(waking), WITHIN_MS)
      .catch(() => wake(waking))
      .finally(() => {
        this.#underWay--
      })
    return true
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
function encode({ registration, event, sequences }: WakeAttempt): Buffer {
  const { bytes, ...about } = event ?? {}
  const head = {
    kind: 'wake',
    registration: toKey(registration),
    event: event && about,
    sequences,
    hasBytes: bytes !== undefined,
  }
  return encodeMessage(head, bytes)
}

function decode(question: Uint8Array): WakeAttempt | undefined {
  const { head, body } = decodeMessage(question) ?? {}
  if (head === undefined || body === undefined) return undefined
  const { registration, event, sequences, hasBytes } = head as unknown as WakeAttempt & {
    readonly hasBytes: boolean
  }
  const bytes = hasBytes ? body : undefined
  if (event === undefined) return { registration, event, sequences }
  return { registration, sequences, event: { ...event, expiresAtWallMs: event.expiresAtWallMs, bytes } }
}
