import { LEAST_AFTER_START_MS } from '../../recovery.ts'
import { type StoreLog, silentLog } from '../../store-log.ts'
import type { Losses } from '../losses.ts'
import type { LaneOptions } from './lane.ts'
import type { Library } from './library.ts'
import { CONTROL, type Partitions } from './partitions.ts'
import { loadInto } from './setup.ts'
import type { Wire } from './wire.ts'

export type MakingUp = {
  readonly library: Library
  readonly partitions: Partitions
  readonly losses: Losses
  readonly log?: StoreLog
  /** Told of each partition that was empty though it was begun. */
  readonly onDataLost?: () => void
}

/** What a Redis has lost is made anew as far as that can be: functions are, and what a partition held is not. */
export function makeUpFor(making: MakingUp): LaneOptions['onMissing'] {
  const { library, log = silentLog, losses, onDataLost } = making
  return async (what, command, wire) => {
    if (what === 'no_function') {
      await loadInto(wire, library)
      return log.warn("Redis had lost Rollcall's functions, and has them again", {})
    }
    log.error('A part of the store is empty though it was begun: what it held is lost', {
      err: new Error(`Nothing is at ${String(command.args[2])}`),
    })
    onDataLost?.()
    losses.add(await beginAgain(making, wire, command.args))
  }
}

/** A partition that was lost begins anew. Returns which it is. */
async function beginAgain(
  { library, partitions }: MakingUp,
  wire: Wire,
  [, , base = '', time = '', wall = '']: readonly (string | Buffer)[],
): Promise<number> {
  const partition = partitions.all.find((one) => partitions.baseOf(one) === String(base)) ?? CONTROL
  const places = [partitions.count, Math.max(0, partition), LEAST_AFTER_START_MS].map(String)
  await wire.send('FCALL', [library.nameOf('wake'), '1', base, time, wall, ...places])
  return partition
}
