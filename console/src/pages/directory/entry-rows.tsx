import type { DirectoryEntry, EntryKind, Members } from '../../api/directory.ts'
import { hrefOfEntry } from '../../routes.ts'
import { Badge } from '../../ui/badge.tsx'

/** Entries as lines of a table, each with the way to its page. */
export function EntryRows({
  kind,
  entries,
  isOfMany,
}: {
  readonly kind: EntryKind
  readonly entries: readonly DirectoryEntry[]
  /** Of more than one organization. */
  readonly isOfMany: boolean
}) {
  const showsOwner = isOfMany && kind !== 'organizations'
  return (
    <div class="table-wrap plain-links">
      <table class="rows rows-entries">
        <thead>
          <tr>
            <th class="rows-main">Id</th>
            <th class="rows-what">{showsOwner ? 'Organization' : WHAT[kind]}</th>
            <th class="rows-state">State</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ id, members }) => (
            <tr key={id}>
              <td class="rows-main">
                <a class="clamp" href={hrefOfEntry(kind, id)}>
                  <bdi>{id}</bdi>
                </a>
              </td>
              <td class="rows-what quiet">
                <bdi class="clamp">{showsOwner ? ownerOf(members) : whatOf(kind, members)}</bdi>
              </td>
              <td class="rows-state">
                <State kind={kind} members={members} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const WHAT: { readonly [Kind in EntryKind]: string } = {
  organizations: 'Name',
  users: 'User name and authorities',
  clients: 'Grants',
  webhooks: 'URL',
}

function ownerOf({ organizationId }: Members): string {
  return typeof organizationId === 'string' ? organizationId : 'none'
}

function whatOf(kind: EntryKind, { name, username, authorities, grants, url }: Members): string {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const list = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : '')
  switch (kind) {
    case 'organizations':
      return text(name)
    case 'users':
      return [text(username), list(authorities)].filter((part) => part !== '').join(' · ')
    case 'clients':
      return list(grants)
    case 'webhooks':
      return text(url)
  }
}

function State({ kind, members }: { readonly kind: EntryKind; readonly members: Members }) {
  const { enabled, secrets, public: isPublic, webhooks } = members
  if (kind === 'organizations')
    return (
      <span class="quiet number">
        {String(webhooks)} {webhooks === 1 ? 'webhook' : 'webhooks'}
      </span>
    )
  return (
    <span class="row">
      {enabled === true ? <Badge tone="good">Enabled</Badge> : <Badge tone="bad">Disabled</Badge>}
      {secrets === 2 && <Badge tone="busy">Two secrets</Badge>}
      {isPublic === true && <Badge tone="neutral">Public</Badge>}
    </span>
  )
}
