import type { Clock } from '../../clock/clock.ts'
import { type Cluster, Stamps } from '../../cluster/cluster.ts'
import type { TakeOvers } from '../../delivery/delivery.ts'
import type { UserKey } from '../../store/store.ts'
import type { Member, Sessions } from './sessions.ts'

/** How long others are asked at a time, and how long is waited before those that were silent are asked again, milliseconds. */
const WITHIN_MS = 3_000
const PAUSE_MS = 1_000
/** Client ids told in one message by a process that was taken for dead. */
const TOLD_AT_ONCE = 500

/** A connection that has a client id (`clientKey`), and when it got it, by `Stamps`. */
type Held = { readonly key: string; readonly stamp: number }
/** Which of those there was another connection of: an older one, which is closed now, or a newer. */
type Found = { readonly older: readonly string[]; readonly newer: readonly string[] }

export type ClientIdsOptions = {
  readonly cluster: Pick<Cluster, 'nodes' | 'requests'>
  readonly sessions: Sessions
  readonly takeOvers: Pick<TakeOvers, 'note'>
  readonly clock: Clock
}

/**
 * One client id has one connection, whichever process that is at: the one that came last [MQTT-3.1.4-3]. Each process tells all
 * others of every connection that it accepts, until they have answered or are dead, and each closes what is older. Of two that
 * were accepted at once, all find the same one to be the newer. CONNACK waits for nobody: a process that stands still must not
 * hold up those who connect elsewhere.
 */
export class ClientIds {
  readonly #options: ClientIdsOptions
  readonly #stamps: Stamps
  readonly #stampOf = new WeakMap<Member, number>()
  #isClosed = false

  constructor(options: ClientIdsOptions) {
    const { cluster, clock } = options
    this.#options = options
    this.#stamps = new Stamps(clock)
    cluster.requests.answer('client ids', (question, from) => encode(this.#compare(decode(question), from)))
    cluster.requests.answer('has client id', (question) => encode(options.sessions.has(decode(question))))
    // Whoever was connected meanwhile is the newer one, and nobody could tell it here.
    cluster.nodes.onReturn(() => this.#tellAgain())
  }

  /** The connection has its client id from now on. Never throws. */
  accepted(session: Member, key: string, user: Partial<UserKey>): void {
    const stamp = this.#stamps.next()
    this.#stampOf.set(session, stamp)
    void this.#tell([{ key, stamp }], session, user)
  }

  /** Whether a connection at another process has the client id now, as far as they say. */
  async isElsewhere(key: string): Promise<boolean> {
    const { requests } = this.#options.cluster
    const gathered = await requests.gather('has client id', encode(key), WITHIN_MS).catch(() => undefined)
    return [...(gathered?.answers.values() ?? [])].some((answer) => decode<boolean>(answer))
  }

  /** Tells nobody anything any more. Idempotent. */
  close(): void {
    this.#isClosed = true
  }

  /** @param session told as long as it is open; absent: for as long as anybody is silent */
  async #tell(held: readonly Held[], session?: Member, user: Partial<UserKey> = {}): Promise<void> {
    const { cluster, clock } = this.#options
    const question = encode(held)
    while (!this.#isClosed && session?.isOpen !== false) {
      const gathered = await cluster.requests.gather('client ids', question, WITHIN_MS).catch(() => undefined)
      for (const answer of gathered?.answers.values() ?? []) this.#conclude(decode(answer), held, user)
      if (gathered?.silent.length === 0) return
      await clock.sleep(PAUSE_MS)
    }
  }

  #conclude({ older, newer }: Found, held: readonly Held[], user: Partial<UserKey>): void {
    const { sessions, takeOvers } = this.#options
    for (const key of older) takeOvers.note('client id', key, user)
    for (const { key, stamp } of held) {
      const session = sessions.find(key)
      const isMeant = session !== undefined && this.#stampOf.get(session) === stamp
      if (isMeant && newer.includes(key)) session.close('taken_over')
    }
  }

  /** What another process has. */
  #compare(held: readonly Held[], from: string): Found {
    const older: string[] = []
    const newer: string[] = []
    for (const { key, stamp } of held) {
      this.#stamps.heard(stamp)
      const session = this.#options.sessions.find(key)
      if (session === undefined) continue
      const own = this.#stampOf.get(session) ?? 0
      const isNewer = own > stamp || (own === stamp && this.#options.cluster.nodes.self > from)
      ;(isNewer ? newer : older).push(key)
      if (!isNewer) session.close('taken_over')
    }
    return { older, newer }
  }

  #tellAgain(): void {
    const held = [...this.#options.sessions.all].flatMap((session): readonly Held[] => {
      const stamp = this.#stampOf.get(session)
      const key = session.client?.key
      return stamp === undefined || key === undefined || !session.isOpen ? [] : [{ key, stamp }]
    })
    for (let from = 0; from < held.length; from += TOLD_AT_ONCE)
      void this.#tell(held.slice(from, from + TOLD_AT_ONCE))
  }
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function decode<Of>(bytes: Uint8Array): Of {
  return JSON.parse(Buffer.from(bytes).toString())
}
