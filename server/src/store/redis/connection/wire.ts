import { Redis } from 'ioredis'
import type { Clock, Timer } from '../../../clock/clock.ts'

/** What Redis answers, as it came: texts and payloads are bytes. */
export type Answer = Buffer | number | null | readonly Answer[]

/** One connection to Redis. Commands are answered in the order in which they were sent. */
export interface Wire {
  /** Resolves once commands can be sent; rejects where that cannot be. */
  open(): Promise<void>
  /**
   * @throws ReplyError where Redis answers with an error
   * @throws NotSentError where there is no connection any more
   * @throws Error where the connection is lost: then nobody knows whether the command was carried out
   */
  send(command: string, args: readonly (string | Buffer)[]): Promise<Answer>
  /** Ends the connection once all that was sent has been answered. Nothing else can be sent. Idempotent. */
  leave(): void
  /** Ends the connection at once. Idempotent. What was sent and not answered is lost. */
  close(): void
}

/** Redis has answered, with an error. */
export class ReplyError extends Error {}

/** It never left this process: nothing was carried out. */
export class NotSentError extends Error {
  constructor() {
    super('There is no connection any more.')
  }
}

/** Where one Redis is and how it is entered. */
export type Address = {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  readonly database?: number
  /** Absent: no TLS. */
  readonly tls?: { readonly ca?: string | Buffer; readonly servername?: string }
}

/** How long a connection may be silent while something was asked over it, milliseconds; then it is given up. */
const DEADLINE_MS = 1_500
const LOOK_EVERY_MS = 250

/** No retries, no queue, no cluster of its own: what becomes of a command is decided here, and not in the client. */
export function clientOptions(address: Address) {
  const { username, password, database = 0, tls, host, port } = address
  return {
    ...{ host, port, db: database, lazyConnect: true, connectTimeout: DEADLINE_MS, noDelay: true },
    ...{
      enableReadyCheck: false,
      retryStrategy: () => null,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // Who hangs, or is cut off, does not end it too: what was on its way is lost at the deadline, and not seconds later.
      disconnectTimeout: 0,
    },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: { ...tls } }),
  }
}

/** What connects; where that fails, with what happened, which ioredis tells beside. */
export function opening(redis: Redis): () => Promise<void> {
  let lastError: Error | undefined
  redis.on('error', (error: Error) => {
    lastError = error
  })
  return async () => {
    try {
      await redis.connect()
    } catch (error) {
      throw lastError ?? error
    }
  }
}

/** What ends it, once: ioredis would listen each time anew for an end of which a peer that is cut off tells nothing. */
export function ending(redis: Redis): () => void {
  let isEnding = false
  return () => {
    if (!isEnding) redis.disconnect()
    isEnding = true
  }
}

/** A connection by ioredis, of which it uses no more than that: no retries, no queue, no cluster of its own. */
export function openWire(
  address: Address,
  clock: Pick<Clock, 'monotonicMs' | 'every'>,
  onLost: () => void,
): Wire {
  const redis = new Redis(clientOptions(address))
  const open = opening(redis)
  let isOver = false
  const end = ending(redis)
  redis.on('end', () => {
    isOver = true
    watch.close()
    onLost()
  })
  const watch = new Watch(clock, end)
  return {
    async open() {
      // Its greeting has the deadline of an answer.
      watch.asked()
      try {
        await open()
      } finally {
        watch.answered()
      }
    },
    async send(command, args) {
      if (isOver || redis.status !== 'ready' || !redis.stream.writable) throw new NotSentError()
      watch.asked()
      try {
        return (await redis.callBuffer(command, ...args)) as Answer
      } catch (error) {
        throw isReply(error) ? new ReplyError(error.message) : error
      } finally {
        watch.answered()
      }
    },
    leave() {
      isOver = true
      watch.whenAnswered(end)
    },
    close() {
      isOver = true
      watch.close()
      end()
    },
  }
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

/** Tells of a connection over which nothing comes though something was asked: a Redis that hangs closes nothing. */
class Watch {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #timer: Timer
  #waiting = 0
  #heardAtMs = 0
  #onAnswered: () => void = () => undefined

  constructor(clock: Pick<Clock, 'monotonicMs' | 'every'>, onSilent: () => void) {
    this.#clock = clock
    this.#timer = clock.every(LOOK_EVERY_MS, () => {
      if (this.#waiting > 0 && clock.monotonicMs() - this.#heardAtMs > DEADLINE_MS) onSilent()
    })
  }

  asked(): void {
    if (this.#waiting++ === 0) this.#heardAtMs = this.#clock.monotonicMs()
  }

  answered(): void {
    this.#waiting--
    this.#heardAtMs = this.#clock.monotonicMs()
    if (this.#waiting === 0) this.#onAnswered()
  }

  /** Told now where nothing is waited for. */
  whenAnswered(tell: () => void): void {
    if (this.#waiting === 0) tell()
    else this.#onAnswered = tell
  }

  close(): void {
    this.#timer.cancel()
  }
}
