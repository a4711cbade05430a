import type { Directory, OAuthClient, Organization, User, Webhook } from './directory.ts'
import type { EntryKind, EntryValue } from './entry.ts'

/** An entry as administrators see it: never a secret, nor the hash of one. */
export type EntryView = { readonly id: string; readonly [member: string]: unknown }

export function viewOf(entry: EntryValue): EntryView {
  switch (entry.kind) {
    case 'organizations':
      return organizationView(entry.value)
    case 'webhooks':
      return webhookView(entry.value, entry.organizationId)
    case 'users':
      return userView(entry.value)
    case 'clients':
      return clientView(entry.value)
  }
}

/** All entries of a kind, whatever the directory is kept in. */
export function* entriesIn(directory: Directory, kind: EntryKind): Iterable<EntryValue> {
  switch (kind) {
    case 'organizations':
      for (const value of directory.organizations.values()) yield { kind, value }
      return
    case 'webhooks':
      for (const { id: organizationId, webhooks } of directory.organizations.values())
        for (const value of webhooks) yield { kind, value, organizationId }
      return
    case 'users':
      for (const value of directory.users.values()) yield { kind, value }
      return
    case 'clients':
      for (const value of directory.clients.values()) yield { kind, value }
  }
}

/** One entry; `undefined`: there is none. @param organizationId of a webhook */
export function entryIn(
  directory: Directory,
  kind: EntryKind,
  id: string,
  organizationId: string,
): EntryValue | undefined {
  switch (kind) {
    case 'organizations':
      return wrap(directory.organizations.get(id), (value) => ({ kind, value }))
    case 'webhooks': {
      const webhooks = directory.organizations.get(organizationId)?.webhooks ?? []
      return wrap(
        webhooks.find((webhook) => webhook.id === id),
        (value) => ({ kind, value, organizationId }),
      )
    }
    case 'users':
      return wrap(directory.users.get(id), (value) => ({ kind, value }))
    case 'clients':
      return wrap(directory.clients.get(id), (value) => ({ kind, value }))
  }
}

function wrap<T>(value: T | undefined, entry: (value: T) => EntryValue): EntryValue | undefined {
  return value === undefined ? undefined : entry(value)
}

function organizationView({ id, name, send, senderId, webhooks }: Organization): EntryView {
  return { id, name, send, senderId, webhooks: webhooks.length }
}

/** Many services want a token in the query of the address: whether there is one is told, not what it is. */
function webhookView(webhook: Webhook, organizationId: string): EntryView {
  const { id, url, secrets, events, enabled, wakeUps = false } = webhook
  const address = new URL(url)
  const hasQuery = address.search !== ''
  address.search = ''
  const where = { url: address.href, hasQuery }
  return { id, organizationId, ...where, events: [...events], enabled, wakeUps, secrets: secrets.length }
}

function userView({ id, username, organizationId, authorities, enabled }: User): EntryView {
  return { id, username, organizationId, authorities, enabled }
}

function clientView(client: OAuthClient): EntryView {
  const { id, organizationId, authorities, grants, enabled, secretHashes } = client
  const isPublic = secretHashes.length === 0
  const secrets = secretHashes.length
  return { id, organizationId, authorities, grants: [...grants], enabled, public: isPublic, secrets }
}
