import { createHash } from 'node:crypto'
import type { Clock } from '../../../clock/clock.ts'
import { ownIdentity } from './process-identity.ts'

/** A name for a new store, 16 hexadecimal digits. Two stores are never made by one process at one time. */
export function newStoreId(clock: Clock): string {
  const maker = JSON.stringify([ownIdentity(), clock.wallMs(), clock.monotonicMs()])
  return createHash('sha256').update(maker).digest('hex').slice(0, 16)
}
