import type { Principal } from '../principal.ts'

/** Whether a revocation may concern this principal; whoever asks then looks at the token itself. Cheap. */
export type IsConcerned = (principal: Principal) => boolean

/** Called once what is revoked is refused; resolves when everything that hangs on it was told to end. */
export type RevocationListener = (isConcerned: IsConcerned) => Promise<void> | void

/** Tells those who act on tokens they have seen before that some are not good any more. */
export class RevocationNotices {
  readonly #listeners: RevocationListener[] = []
  #count = 0

  /** Grows with every notice. */
  get count(): number {
    return this.#count
  }

  listen(listener: RevocationListener): void {
    this.#listeners.push(listener)
  }

  async announce(isConcerned: IsConcerned): Promise<void> {
    this.#count++
    await Promise.all(this.#listeners.map((listener) => listener(isConcerned)))
  }

  /** For the tokens of one user, in whatever organization. */
  announceUser(userId: string): Promise<void> {
    return this.announce((principal) => principal.userId === userId)
  }
}
