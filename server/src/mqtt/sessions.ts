import type { Clock } from '../clock/clock.ts'
import type { Session } from './session.ts'

/** All connections of this process, and which of them speaks for which client id. */
export class Sessions {
  readonly #all = new Set<Session>()
  readonly #byClient = new Map<string, Session>()
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
  get all(): ReadonlySet<Session> {
    return this.#all
  }

  /** The connection that has the client id now. */
  find(clientKey: string): Session | undefined {
    return this.#byClient.get(clientKey)
  }

  opened(session: Session): void {
    this.#all.add(session)
    this.#pending++
  }

  /**
   * The session's CONNECT was accepted.
   *
   * @param clientKey organization, user and client id; `undefined` where no other connection can name it
   * @returns the connection that had the client id so far and must be closed [MQTT-3.1.4-3]
   */
  accepted(session: Session, clientKey: string | undefined): Session | undefined {
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
  ended(session: Session, clientKey: string | undefined, wasAccepted: boolean): void {
    if (wasAccepted) this.#connected--
    else this.#pending--
    if (clientKey !== undefined && this.#byClient.get(clientKey) === session) this.#byClient.delete(clientKey)
  }

  /** The session's socket is gone. */
  gone(session: Session): void {
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
