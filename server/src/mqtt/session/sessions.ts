import type { Clock } from '../../clock/clock.ts'
import type { CloseReason } from '../reasons.ts'
import type { Transport } from '../transport/transport.ts'
import type { MqttClient } from './client.ts'

/** A connection, as those see it who look after all of them. */
export interface Member {
  /** Set once CONNECT was accepted. */
  readonly client: MqttClient | undefined
  /** Whether it was closed by neither side. */
  readonly isOpen: boolean
  readonly transport: Pick<Transport, 'destroy'>
  /** Closes the connection, with a DISCONNECT where the client understands one. Idempotent. */
  close(reason: CloseReason): void
  /** Something went wrong with this connection. Nobody else is to notice, and no content is logged. */
  fail(error: unknown): void
}

/** All connections of this process, and which of them speaks for which client id. */
export class Sessions {
  readonly #all = new Set<Member>()
  readonly #byClient = new Map<string, Member>()
  #pending = 0
  #connected = 0
  #whenEmpty: (() => void)[] = []

  /** Connections whose CONNECT was accepted and that are not being closed. */
  get connected(): number {
    return this.#connected
  }

  /** Connections that have not been accepted yet. */
  get pending(): number {
    return this.#pending
  }

  /** Every connection that still has a socket, those being closed included. */
  get all(): ReadonlySet<Member> {
    return this.#all
  }

  /** The connection that has the client id now. */
  find(clientKey: string): Member | undefined {
    return this.#byClient.get(clientKey)
  }

  opened(session: Member): void {
    this.#all.add(session)
    this.#pending++
  }

  /**
   * The session's CONNECT was accepted.
   *
   * @param clientKey organization, user and client id; `undefined` where no other connection can name it
   * @returns the connection that had the client id so far and must be closed [MQTT-3.1.4-3]
   */
  accepted(session: Member, clientKey: string | undefined): Member | undefined {
    this.#pending--
    this.#connected++
    if (clientKey === undefined) return undefined
    const former = this.#byClient.get(clientKey)
    this.#byClient.set(clientKey, session)
    return former
  }

  /** Whether a connection has this client id now. */
  has(clientKey: string): boolean {
    return this.#byClient.has(clientKey)
  }

  /** The session ended, before or after it was accepted; its socket may linger. */
  ended(session: Member, clientKey: string | undefined, wasAccepted: boolean): void {
    if (wasAccepted) this.#connected--
    else this.#pending--
    if (clientKey !== undefined && this.#byClient.get(clientKey) === session) this.#byClient.delete(clientKey)
  }

  /** The session's socket is gone. */
  gone(session: Member): void {
    this.#all.delete(session)
    if (this.#all.size > 0) return
    for (const resolve of this.#whenEmpty) resolve()
    this.#whenEmpty = []
  }

  /** Closes every connection at once; resolves when no socket is left. */
  async close(): Promise<void> {
    if (this.#all.size === 0) return
    const emptied = this.#emptied()
    for (const session of [...this.#all]) {
      session.close('draining')
      session.transport.destroy()
    }
    await emptied
  }

  /** Resolves when no socket is left, or the time is over. */
  async emptyWithin(ms: number, clock: Pick<Clock, 'after'>): Promise<void> {
    if (this.#all.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = clock.after(ms, resolve)
      void this.#emptied().then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  #emptied(): Promise<void> {
    return new Promise((resolve) => this.#whenEmpty.push(resolve))
  }
}
