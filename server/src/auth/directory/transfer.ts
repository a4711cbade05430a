import { FormError } from '../../parse/parse.ts'
import { parseDirectory, parseJson } from './directory-file.ts'
import { type EntryDraft, type EntryKind, keyOf, keyOfValue, type Members, readEntry } from './entry.ts'
import { StoredEntries, type StoredOptions } from './stored-entries.ts'

/** How many there are of each. */
export type DirectorySize = {
  readonly organizations: number
  readonly webhooks: number
  readonly users: number
  readonly clients: number
}

/**
 * Puts a directory file in the place of what the store has.
 *
 * @throws FormError as `parseDirectory`
 */
export async function importDirectory(options: StoredOptions, text: string): Promise<DirectorySize> {
  // Also tells what one entry alone cannot.
  parseDirectory(text)
  const drafts = draftsOf(parseJson(text) as Members)
  const stored = await StoredEntries.open(options)
  try {
    await stored.change(() => {
      const changes = new Map<string, EntryDraft | undefined>()
      for (const key of stored.entries.keys()) changes.set(key, undefined)
      for (const draft of drafts) changes.set(draft.key, draft)
      return { changes, result: undefined }
    })
  } finally {
    await stored.close()
  }
  const count = (kind: EntryKind) => drafts.filter((draft) => draft.kind === kind).length
  return {
    organizations: count('organizations'),
    webhooks: count('webhooks'),
    users: count('users'),
    clients: count('clients'),
  }
}

/**
 * What the store has, as a directory file, the secrets of webhooks in clear as files have them. A file that was imported
 * comes out with the members it had, in their order.
 *
 * @throws Error where the secrets of a webhook cannot be opened
 */
export async function exportDirectory(options: StoredOptions): Promise<string> {
  const stored = await StoredEntries.open(options)
  try {
    const entries = [...stored.entries.values()]
    const closed = entries.find(({ isOpen }) => !isOpen)
    if (closed !== undefined)
      throw new Error(
        `${closed.key}: its secrets were sealed with another key: give that as FORMER_SEALING_KEY`,
      )
    const membersOf = (kind: EntryKind) => entries.filter((entry) => entry.kind === kind)
    const organizations = membersOf('organizations').map((entry) => {
      const begin = `${keyOf('webhooks', entry.key.slice('organizations/'.length))}/`
      const webhooks = membersOf('webhooks').filter(({ key }) => key.startsWith(begin))
      const hasList = webhooks.length > 0 || 'webhooks' in entry.members
      return hasList ? { ...entry.members, webhooks: webhooks.map(({ members }) => members) } : entry.members
    })
    const users = membersOf('users').map(({ members }) => members)
    const clients = membersOf('clients').map(({ members }) => members)
    return `${JSON.stringify({ organizations, users, clients }, null, 2)}\n`
  } finally {
    await stored.close()
  }
}

/** Of a file that was checked. */
function draftsOf(file: Members): readonly EntryDraft[] {
  const drafts: EntryDraft[] = []
  const add = (kind: EntryKind, members: Members, organizationId = ''): string => {
    const value = readEntry(kind, members, organizationId)
    drafts.push({ key: keyOfValue(value), kind, order: drafts.length + 1, members })
    return value.value.id
  }
  for (const organization of listIn(file, 'organizations')) {
    const hasList = Array.isArray(organization['webhooks'])
    // An empty list keeps the place among the members.
    const id = add('organizations', hasList ? { ...organization, webhooks: [] } : organization)
    for (const webhook of listIn(organization, 'webhooks')) add('webhooks', webhook, id)
  }
  for (const user of listIn(file, 'users')) add('users', user)
  for (const client of listIn(file, 'clients')) add('clients', client)
  return drafts
}

function listIn(members: Members, name: string): readonly Members[] {
  const list = members[name] ?? []
  if (!Array.isArray(list)) throw new FormError(name, 'must be an array')
  return list
}
