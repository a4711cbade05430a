import type { Cluster } from '../../cluster/cluster.ts'
import { StoredEntries, type StoredOptions } from './stored-entries.ts'

/** How long the other processes have to take up a change; past it whoever asked for it is told that not all have. */
const TAKEN_UP_WITHIN_MS = 3_000

/**
 * A directory in the store that all processes of the service have. The store's notices come to all of them, but nobody knows
 * when: so each is asked whether it is as far, before somebody is told that who was removed gets in no more.
 */
export async function openSharedEntries(
  options: StoredOptions,
  { requests }: Pick<Cluster, 'requests'>,
): Promise<StoredEntries> {
  const stored = await StoredEntries.open({
    ...options,
    async tellOthers(revision) {
      await requests.askAll('directory', Buffer.from(`${revision}`), TAKEN_UP_WITHIN_MS)
    },
  })
  requests.answer('directory', async (question) => {
    const revision = Number(Buffer.from(question).toString())
    if (!Number.isSafeInteger(revision)) throw new TypeError('a revision that cannot be read')
    await stored.takeUp(revision)
    return new Uint8Array()
  })
  return stored
}
