import type { Cluster } from '../../cluster/cluster.ts'
import type { RevokedToken, SharedList, UserKey, UserRevocation } from '../../store/store.ts'

/** How long the other processes have to apply a revocation; past it whoever asked for it is told to ask again. */
const APPLIED_WITHIN_MS = 3_000

/** Has all other processes of the service apply something. @throws RollcallError `unavailable` where not all have */
export type TellEverywhere<Item> = (item: Item) => Promise<void>

/**
 * A revocation is confirmed only once no process takes any more what was revoked. The store's notices come to all of them, but
 * nobody knows when: so each is asked to apply this very one, and to say so.
 *
 * @param apply resolves once it is in force; it may be called twice for one item
 */
export function everywhere<Item>(
  { nodes, requests }: Pick<Cluster, 'nodes' | 'requests'>,
  what: string,
  store: Pick<SharedList<Item>, 'list'>,
  read: (value: Partial<Record<string, unknown>>) => Item | undefined,
  apply: (item: Item) => Promise<void> | void,
): TellEverywhere<Item> {
  requests.answer(what, async (question) => {
    const item = read(JSON.parse(Buffer.from(question).toString()))
    if (item === undefined) throw new TypeError(`${what} that cannot be read`)
    await apply(item)
    return new Uint8Array()
  })
  // What was revoked while it was taken for dead, nobody asked it to apply.
  nodes.onReturn(async () => {
    for (const item of await store.list()) await apply(item)
  })
  return async (item) => {
    await requests.askAll(what, Buffer.from(JSON.stringify(item)), APPLIED_WITHIN_MS)
  }
}

export function readRevokedToken({
  tokenKey,
  owner,
  untilWallMs,
}: Partial<Record<string, unknown>>): RevokedToken | undefined {
  if (typeof tokenKey !== 'string' || typeof untilWallMs !== 'number') return undefined
  return { tokenKey, untilWallMs, owner: readUser(owner ?? {}) }
}

export function readUserRevocation(value: Partial<Record<string, unknown>>): UserRevocation | undefined {
  const { notBeforeWallMs, untilWallMs } = value
  const user = readUser(value)
  if (user === undefined || typeof notBeforeWallMs !== 'number' || typeof untilWallMs !== 'number')
    return undefined
  return { ...user, notBeforeWallMs, untilWallMs }
}

function readUser(value: object): UserKey | undefined {
  const { organizationId, userId } = value as Partial<Record<string, unknown>>
  return typeof organizationId === 'string' && typeof userId === 'string'
    ? { organizationId, userId }
    : undefined
}
