import { FormError } from '../../parse/parse.ts'
import type { Directory, OAuthClient, Organization, User, Webhook } from './directory.ts'
import { readClient, readOrganization, readUser } from './directory-file.ts'
import { readWebhook } from './webhook-form.ts'

/** What a directory that is kept in the store is made of. */
export const ENTRY_KINDS = ['organizations', 'webhooks', 'users', 'clients'] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

/** Members as a directory file has them. */
export type Members = { readonly [name: string]: unknown }

/** An entry before it is written. */
export type EntryDraft = Pick<Entry, 'key' | 'kind' | 'order' | 'members'>

export type Entry = EntryValue & {
  /** Kind and id, for a webhook with its organization between; ids never contain a slash. */
  readonly key: string
  /** Entries stand in this order, as in the file that they came from, or as they were added. */
  readonly order: number
  /** Of the directory, when it was last written. */
  readonly revision: number
  /** What it takes in the store. */
  readonly bytes: number
  /** As they were given: a file that is exported has them again. Of an organization without its webhooks. */
  readonly members: Members
  /** Whether its secrets could be opened; without them a webhook is as good as disabled. */
  readonly isOpen: boolean
}

export type EntryValue =
  | { readonly kind: 'organizations'; readonly value: Organization }
  | { readonly kind: 'webhooks'; readonly value: Webhook; readonly organizationId: string }
  | { readonly kind: 'users'; readonly value: User }
  | { readonly kind: 'clients'; readonly value: OAuthClient }

export function keyOf(kind: EntryKind, ...ids: readonly string[]): string {
  return [kind, ...ids].join('/')
}

/** The key of what was read. */
export function keyOfValue(entry: EntryValue): string {
  return entry.kind === 'webhooks'
    ? keyOf(entry.kind, entry.organizationId, entry.value.id)
    : keyOf(entry.kind, entry.value.id)
}

/** Kind and organization of an entry, by its key: what has to be known to read its members. */
export function placeOf(key: string): { readonly kind: EntryKind; readonly organizationId: string } {
  const [first, organizationId = ''] = key.split('/')
  const kind = ENTRY_KINDS.find((known) => known === first)
  if (kind === undefined) throw new FormError('', 'is no entry of a directory')
  return { kind, organizationId }
}

/**
 * Checks members as those of a file are checked, with the same words.
 *
 * @param organizationId of a webhook
 * @throws FormError
 */
export function readEntry(kind: EntryKind, members: unknown, organizationId: string): EntryValue {
  switch (kind) {
    case 'organizations':
      return { kind, value: readOrganization(members, '') }
    case 'webhooks':
      return { kind, value: readWebhook(members, ''), organizationId }
    case 'users':
      return { kind, value: readUser(members, '') }
    case 'clients':
      return { kind, value: readClient(members, '') }
  }
}

/** The organization whose an entry is; `null`: of a client that has none. */
export function organizationOf(entry: EntryValue): string | null {
  switch (entry.kind) {
    case 'organizations':
      return entry.value.id
    case 'webhooks':
      return entry.organizationId
    default:
      return entry.value.organizationId
  }
}

/** A directory of entries that fit to each other; those that do not are left out and named. */
export function directoryOf(entries: Iterable<Entry>): {
  readonly directory: Directory
  readonly misfits: readonly string[]
} {
  const [organizations, users, usersByName, clients] = [
    new Map<string, Organization>(),
    new Map<string, User>(),
    new Map<string, User>(),
    new Map<string, OAuthClient>(),
  ]
  const misfits: string[] = []
  const all = [...entries]
  const webhooks = webhooksOf(all)
  for (const entry of all)
    if (entry.kind === 'organizations')
      organizations.set(entry.value.id, { ...entry.value, webhooks: webhooks.get(entry.value.id) ?? [] })
  const isAtHome = (entry: Entry): boolean => {
    const organizationId = organizationOf(entry)
    if (organizationId === null || organizations.has(organizationId)) return true
    misfits.push(entry.key)
    return false
  }
  for (const entry of all) {
    if (!isAtHome(entry)) continue
    if (entry.kind === 'users') {
      users.set(entry.value.id, entry.value)
      usersByName.set(entry.value.username, entry.value)
    } else if (entry.kind === 'clients') clients.set(entry.value.id, entry.value)
  }
  return { directory: { organizations, users, usersByName, clients }, misfits }
}

/** By organization, as they are in the directory in force: one whose secret cannot be opened is off. */
export function webhooksOf(entries: Iterable<Entry>): ReadonlyMap<string, readonly Webhook[]> {
  const webhooks = new Map<string, Webhook[]>()
  for (const entry of entries) {
    if (entry.kind !== 'webhooks') continue
    const others = webhooks.get(entry.organizationId)
    const value = entry.isOpen ? entry.value : { ...entry.value, enabled: false }
    if (others === undefined) webhooks.set(entry.organizationId, [value])
    else others.push(value)
  }
  return webhooks
}
