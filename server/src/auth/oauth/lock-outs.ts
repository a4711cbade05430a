import type { Clock } from '../../clock/clock.ts'
import type { AuthLog } from '../auth-log.ts'
import type { DirectorySource } from '../directory/directory.ts'
import type { Admission } from './admission.ts'
import type { Visitor, Witness } from './witness.ts'

/** No user's is told more often. */
const TOLD_AGAIN_MS = 15 * 60_000

type Options = {
  readonly admission: Pick<Admission, 'isHeldOff'>
  readonly directory: Pick<DirectorySource, 'current'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Pick<AuthLog, 'warn'>
  readonly witness: Pick<Witness, 'heldOff'>
}

/**
 * Tells when so many passwords were tried that a user's sign-ins are held off. Names that nobody has are not told:
 * there are as many as anybody likes to make up.
 */
export class LockOuts {
  readonly #options: Options
  /** When it was told of whom, oldest first. Bounded by the users that there are. */
  readonly #toldAtMs = new Map<string, number>()

  constructor(options: Options) {
    this.#options = options
  }

  /** To be called once an attempt with this name has failed or was turned away. */
  look(username: string, visitor: Visitor): void {
    const { admission, directory, log, witness } = this.#options
    const user = directory.current().usersByName.get(username)
    if (user === undefined || !admission.isHeldOff(username) || !this.#isDue(user.id)) return
    const { organizationId, id: userId } = user
    const { remoteAddress, clientId } = visitor.known
    log.warn('sign-ins of a user are held off: too many attempts', {
      ...{ organizationId, userId, clientId, remoteAddress },
    })
    witness.heldOff({ ...visitor.known, user: { organizationId, userId } })
  }

  #isDue(userId: string): boolean {
    const nowMs = this.#options.clock.monotonicMs()
    for (const [told, atMs] of this.#toldAtMs) {
      if (nowMs - atMs < TOLD_AGAIN_MS) break
      this.#toldAtMs.delete(told)
    }
    if (this.#toldAtMs.has(userId)) return false
    this.#toldAtMs.set(userId, nowMs)
    return true
  }
}
