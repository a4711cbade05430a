import type { Clock } from '../../clock/clock.ts'
import { type Cluster, Stamps } from '../../cluster/cluster.ts'
import type { TakeOvers } from '../../delivery/delivery.ts'
import type { UserKey } from '../../store/store.ts'
import type { Member, Sessions } from './sessions.ts'

/** How long others are asked at a time, and how long is waited before those that were silent are asked again, milliseconds. */
const WITHIN_MS = 3_000
const PAUSE_MS = 1_000
/**
 * Client ids told in one message, and messages that wait for answers: where a process stands still for which everybody waits, as
 * many as connect meanwhile share those.
 */
const TOLD_AT_ONCE = 500
const UNDER_WAY_MAX = 16

/** A connection that has a client id (`clientKey`), and when it got it, by `Stamps`. */
type Held = { readonly key: string; readonly stamp: number }
/** A connection of this process that others are to be told of. */
type Telling = Held & { readonly session: Member; readonly user: Partial<UserKey> }
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
  #waiting: Telling[] = []
  #underWay = 0
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
    this.#waiting.push({ key, stamp, session, user })
    this.#tellWaiting()
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

  #tellWaiting(): void {
    while (!this.#isClosed && this.#underWay < UNDER_WAY_MAX && this.#waiting.length > 0) {
      this.#underWay++
      void this.#tell(this.#waiting.splice(0, TOLD_AT_ONCE)).finally(() => {
        this.#underWay--
        this.#tellWaiting()
      })
    }
  }

  /** Where somebody was silent, those that are still there are told again after a while. Never rejects. */
  async #tell(tellings: readonly Telling[]): Promise<void> {
    const { cluster, clock } = this.#options
    const question = encode(tellings.map(({ key, stamp }) => ({ key, stamp })))
    const gathered = await cluster.requests.gather('client ids', question, WITHIN_MS).catch(() => undefined)
    for (const answer of gathered?.answers.values() ?? []) this.#conclude(decode(answer), tellings)
    if (gathered?.silent.length === 0) return
    clock.after(PAUSE_MS, () => {
      this.#waiting.push(...tellings.filter(({ session }) => session.isOpen))
      this.#tellWaiting()
    })
  }

  #conclude({ older, newer }: Found, tellings: readonly Telling[]): void {
    const { sessions, takeOvers } = this.#options
    for (const { key, session, user } of tellings) {
      if (older.includes(key)) takeOvers.note('client id', key, user)
      if (newer.includes(key) && sessions.find(key) === session) session.close('taken_over')
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
    for (const session of this.#options.sessions.all) {
      const stamp = this.#stampOf.get(session)
      const key = session.client?.key
      if (stamp !== undefined && key !== undefined && session.isOpen)
        this.#waiting.push({ key, stamp, session, user: {} })
    }
    this.#tellWaiting()
  }
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function decode<Of>(bytes: Uint8Array): Of {
  return JSON.parse(Buffer.from(bytes).toString())
}
