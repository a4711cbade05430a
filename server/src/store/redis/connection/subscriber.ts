import { Redis } from 'ioredis'
import type { Clock } from '../../../clock/clock.ts'
import { type Address, clientOptions, ending, opening } from './wire.ts'

/** One connection to Redis over which messages come. */
export interface Subscriber {
  /** Resolves once channels can be added; rejects where that cannot be. */
  open(): Promise<void>
  /** Resolves once messages of the channel come. */
  add(channel: string): Promise<void>
  remove(channel: string): void
  /** Ends the connection at once. Idempotent. */
  close(): void
}

/** How long Redis may take to greet, and to say that messages come, milliseconds. */
const DEADLINE_MS = 1_500

export type SubscriberOptions = {
  readonly address: Address
  readonly clock: Pick<Clock, 'after'>
  readonly onLost: () => void
  readonly onMessage: (channel: string, message: Buffer) => void
}

/** A subscriber by ioredis, which does nothing by itself here either. */
export function openSubscriber({ address, clock, onLost, onMessage }: SubscriberOptions): Subscriber {
  const redis = new Redis({ ...clientOptions(address), autoResubscribe: false })
  const open = opening(redis)
  const end = ending(redis)
  const inTime = async (asked: Promise<unknown>): Promise<void> => {
    const timer = clock.after(DEADLINE_MS, end)
    try {
      await asked
    } finally {
      timer.cancel()
    }
  }
  redis.on('end', onLost)
  redis.on('smessageBuffer', (channel: Buffer, message: Buffer) => onMessage(channel.toString(), message))
  return {
    open: () => inTime(open()),
    add: (channel) => inTime(redis.ssubscribe(channel)),
    remove(channel) {
      redis.sunsubscribe(channel).catch(() => undefined)
    },
    close: end,
  }
}
