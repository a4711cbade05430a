import type { Sealer } from '../../masks/masks.ts'
import type { Registration, UserKey } from '../../store/store.ts'
import type { WakeUp } from './wake-up.ts'

export type { WakeUp } from './wake-up.ts'

/** As it is kept: whoever has it may write to somebody's device. */
export function wakeUpBytes(sealer: Sealer, user: UserKey, wakeUp: WakeUp): Uint8Array {
  return sealer.seal(Buffer.from(JSON.stringify(wakeUp)), contextOf(user))
}

/** `undefined`: there is none, or it was sealed by a key that is gone. */
export function readWakeUp(sealer: Sealer, registration: Registration): WakeUp | undefined {
  if (registration.wakeUp === undefined) return undefined
  const clear = sealer.open(Buffer.from(registration.wakeUp), contextOf(registration))
  // What was sealed was made by `wakeUpBytes`.
  return clear && JSON.parse(clear.toString('utf8'))
}

/** Ids contain no slash: no event's seal has this context, which has its user before everything else. */
function contextOf({ organizationId, userId }: UserKey): string {
  return `wake-up//${organizationId}/${userId}`
}
