import type { UserKey } from '../../store/store.ts'
import type { DirectorySource } from '../directory/directory.ts'
import type { RevokedUsers } from './revoked-users.ts'

export type GoneOptions = {
  readonly directory: Pick<DirectorySource, 'current'>
  readonly foreign: { speaksFor(organizationId: string): boolean }
  readonly revokedUsers: Pick<RevokedUsers, 'notBeforeWallMs'>
}

/** Whether somebody who showed a good token at a time could show none now that had been issued by then. */
export type IsGone = (user: UserKey, heardAtWallMs: number) => boolean

/** Where foreign issuers speak for an organization, its users need not be in the directory. */
export function createIsGone({ directory, foreign, revokedUsers }: GoneOptions): IsGone {
  return (user, heardAtWallMs) => {
    if (heardAtWallMs < revokedUsers.notBeforeWallMs(user)) return true
    if (foreign.speaksFor(user.organizationId)) return false
    const { users, clients } = directory.current()
    const entry = users.get(user.userId) ?? clients.get(user.userId)
    return entry?.organizationId !== user.organizationId || !entry.enabled
  }
}
