import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../clock/clock.ts'
import type { Log } from '../../observe/observe.ts'
import { readHeaderText } from './header-text.ts'

/** How often one reason is logged, milliseconds. */
const PERIOD_MS = 60_000

/** Why a connection was refused before a packet of it was read. */
export type HandshakeRefusal =
  | 'host'
  | 'path'
  | 'origin'
  | 'sub_protocol'
  | 'handshake'
  | 'no_room'
  | 'no_room_tcp'

type Told = { atMs: number; sinceThen: number }

/**
 * Logs refused connections: whoever is turned away before MQTT begins is seen by nobody else. Each reason at once,
 * and then once a minute with how many there were, so that nobody fills the log.
 */
export class RefusedHandshakes {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #log: Pick<Log, 'warn'>
  readonly #told = new Map<HandshakeRefusal, Told>()

  constructor(clock: Pick<Clock, 'monotonicMs'>, log: Pick<Log, 'warn'>) {
    this.#clock = clock
    this.#log = log
  }

  /** @param request of which only `Origin` and `Host` are told: the URL may hold a token */
  note(reason: HandshakeRefusal, request?: Pick<IncomingMessage, 'headers'>): void {
    const nowMs = this.#clock.monotonicMs()
    const told = this.#told.get(reason)
    if (told !== undefined && nowMs - told.atMs < PERIOD_MS) {
      told.sinceThen++
      return
    }
    const { origin, host } = request?.headers ?? {}
    this.#told.set(reason, { atMs: nowMs, sinceThen: 0 })
    this.#log.warn('mqtt: a connection was refused', {
      reason,
      origin: readHeaderText(origin),
      host: readHeaderText(host),
      othersInBetween: told?.sinceThen ?? 0,
    })
  }
}
