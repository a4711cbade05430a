import type { RefreshFamilyStore, UserKey } from '../../store/store.ts'
import type { AuthLog } from '../auth-log.ts'
import type { DirectorySource, OAuthClient } from '../directory/directory.ts'
import type { DirectoryChanges } from '../directory/directory-changes.ts'
import type { IsConcerned, RevocationNotices } from './revocation-notices.ts'
import type { RevokedUsers } from './revoked-users.ts'

type Options = {
  readonly revokedUsers: RevokedUsers
  readonly families: Pick<RefreshFamilyStore, 'revokeOf'>
  readonly directory: Pick<DirectorySource, 'current'>
  readonly notices: RevocationNotices
  readonly log: AuthLog
}

const SLICE = 500

/** Ends everything that was issued to somebody: access tokens, sign-ins, and what lives on them. */
export interface UserRevocations {
  /** Durable. @throws RollcallError `unavailable` */
  revoke(user: UserKey): Promise<void>
  /** After a reload of the directory. Never rejects: what cannot be written down is refused by the directory. */
  takeUp(changes: DirectoryChanges): Promise<void>
}

export function createUserRevocations(options: Options): UserRevocations {
  const { revokedUsers, families, directory, notices, log } = options

  /** All at once: one commit takes it all, and links end while it is written. */
  async function revoke(user: UserKey): Promise<void> {
    const own = directory.current().users.get(user.userId)
    // Sign-ins are ours alone, and whoever else has this id comes from a foreign issuer.
    const hasSignIns = own === undefined || own.organizationId === user.organizationId
    const work = [revokedUsers.revoke(user), hasSignIns ? families.revokeOf(user.userId) : undefined]
    await Promise.all([...work, notices.announceUser(user.userId)])
  }

  async function end({ endedUsers, endedClients, endedSpeakers }: DirectoryChanges): Promise<void> {
    let failed = 0
    // In slices, so that a directory that loses ten thousands of users at once stalls nobody.
    for (let from = 0; from < endedUsers.length; from += SLICE) {
      const slice = endedUsers.slice(from, from + SLICE)
      failed += await countFailures(
        slice.flatMap(({ id, organizationId }) => [
          revokedUsers.revoke({ organizationId, userId: id }),
          families.revokeOf(id),
        ]),
      )
    }
    failed += await countFailures(endedClients.map(({ id }) => revokedUsers.revokeClient(id)))
    failed += await countFailures(endedSpeakers.map((client) => revokedUsers.revoke(asUser(client))))
    if (failed > 0)
      log.error('what was issued to users and clients that ended could not be revoked for good', { failed })
  }
  return {
    revoke,
    async takeUp(changes) {
      const { concerned } = changes
      if (concerned.size === 0) return
      const isConcerned: IsConcerned = ({ userId, clientId }) =>
        concerned.has(userId) || concerned.has(clientId)
      try {
        await Promise.all([end(changes), notices.announce(isConcerned)])
      } catch (error) {
        log.error('a reload of the directory was not followed', { problem: String(error) })
      }
    },
  }
}

/** A client as the user that it is for itself; one of role SERVICE belongs to no organization, whose id is empty here. */
function asUser({ id, organizationId }: OAuthClient): UserKey {
  return { organizationId: organizationId ?? '', userId: id }
}

async function countFailures(work: readonly Promise<void>[]): Promise<number> {
  const outcomes = await Promise.allSettled(work)
  return outcomes.filter(({ status }) => status === 'rejected').length
}
