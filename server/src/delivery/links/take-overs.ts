import { type Clock, onceAMinute } from '../../clock/clock.ts'
import { type Cluster, decodeMessage, encodeMessage, Recent } from '../../cluster/cluster.ts'
import type { Log } from '../../observe/observe.ts'
import type { UserKey } from '../../store/store.ts'

/** So many take-overs of one thing within `WINDOW_MS` are a fight. */
const TAKE_OVERS_MAX = 10
const WINDOW_MS = 10_000
/** Time for which nobody takes it over then, milliseconds. It is not prolonged by who tries. */
const HOLD_MS = 10_000
/** Messages of other processes that are known again. */
const MESSAGES_MAX = 10_000
/** Things remembered; past it the longest untouched are forgotten. */
const KEYS_MAX = 10_000

type Fight = { readonly sinceMs: number; count: number; heldUntilMs: number }

type Others = Pick<Cluster, 'nodes' | 'router'>

export type Contested = 'client id' | 'endpoint'

/**
 * Two devices that have the same client id or endpoint, and reconnect as soon as they are put out, take each other over
 * hundreds of times a second, and neither is ever reachable. Past a few take-overs the one that has it keeps it for a
 * while, and the other is the loser: it is told, and held off. Whoever comes when nobody has it is let in at any time,
 * so that a phone whose link is gone waits for nothing. Take-overs are told to all processes of the service, and each counts all
 * of them: one whose word is lost counts where it was only.
 */
export class TakeOvers {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #log: Pick<Log, 'warn'>
  readonly #mayTell: (what: string) => boolean
  readonly #cluster: Others | undefined
  readonly #fights = new Map<string, Fight>()
  readonly #heard = new Recent(MESSAGES_MAX)
  #told = 0

  /** @param cluster the processes of the service. Absent: this one is all there is */
  constructor(clock: Pick<Clock, 'monotonicMs'>, log: Pick<Log, 'warn'>, cluster?: Others) {
    this.#clock = clock
    this.#log = log
    this.#mayTell = onceAMinute(clock)
    this.#cluster = cluster?.nodes.isAlone === false ? cluster : undefined
    this.#cluster?.router.receive('take_over', (message, from) => this.#hear(message, from))
  }

  /** Whether the one that has it keeps it now. */
  isHeld(what: Contested, name: string): boolean {
    const fight = this.#fights.get(keyOf(what, name))
    return fight !== undefined && this.#clock.monotonicMs() < fight.heldUntilMs
  }

  /** It was taken over from somebody who had it. */
  note(what: Contested, name: string, user: Partial<UserKey>): void {
    this.#count(what, name, user)
    const { nodes, router } = this.#cluster ?? {}
    if (nodes === undefined || router === undefined) return
    const { organizationId, userId } = user
    const message = encodeMessage({ kind: what, id: ++this.#told, name, organizationId, userId })
    for (const node of nodes.heard()) router.send(node, 'take_over', message)
  }

  #hear(message: Uint8Array, from: string): void {
    const { kind, id, name, organizationId, userId } = decodeMessage(message)?.head ?? {}
    if ((kind !== 'client id' && kind !== 'endpoint') || typeof name !== 'string') return
    if (this.#heard.isKnown(`${from}/${id}`)) return
    const user = { ...textAs('organizationId', organizationId), ...textAs('userId', userId) }
    this.#count(kind, name, user)
  }

  #count(what: Contested, name: string, { organizationId, userId }: Partial<UserKey>): void {
    const key = keyOf(what, name)
    const nowMs = this.#clock.monotonicMs()
    const known = this.#fights.get(key)
    const isOn = known !== undefined && nowMs - known.sinceMs < WINDOW_MS && known.heldUntilMs === 0
    const fight = isOn ? known : { sinceMs: nowMs, count: 0, heldUntilMs: 0 }
    this.#remember(key, fight)
    if (++fight.count < TAKE_OVERS_MAX) return
    fight.heldUntilMs = nowMs + HOLD_MS
    if (this.#mayTell(what))
      this.#log.warn(`connections fight over ${what === 'endpoint' ? 'an' : 'a'} ${what}`, {
        organizationId,
        userId,
      })
  }

  #remember(key: string, fight: Fight): void {
    this.#fights.delete(key)
    this.#fights.set(key, fight)
    for (const oldest of this.#fights.keys()) {
      if (this.#fights.size <= KEYS_MAX) break
      this.#fights.delete(oldest)
    }
  }
}

function textAs(name: keyof UserKey, value: unknown): Partial<UserKey> {
  return typeof value === 'string' ? { [name]: value } : {}
}

/** No kind has a slash, so that no two things share a key. */
function keyOf(what: Contested, name: string): string {
  return `${what}/${name}`
}
