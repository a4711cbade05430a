import { RollcallError } from '@rollcall/protocol/error-code'
import type { Random } from '../../clock/clock.ts'
import { FormError } from '../../parse/parse.ts'
import type { DirectorySource } from './directory.ts'
import { isAdministratorAuthority, isServiceAuthority, WEBHOOKS_MAX } from './directory.ts'
import { refuseClient, refuseOrganization, refuseUser, TAKEN } from './directory-draft.ts'
import {
  type Entry,
  type EntryDraft,
  type EntryKind,
  type EntryValue,
  keyOf,
  keyOfValue,
  type Members,
  organizationOf,
  readEntry,
  webhooksOf,
} from './entry.ts'
import { type EntryView, entriesIn, entryIn, viewOf } from './entry-view.ts'
import { withHashedPassword, withNewSecret, withoutFormerSecret, withSecret } from './made-secrets.ts'
import type { Decision, StoredEntries } from './stored-entries.ts'

/** Longest entry; characters of its JSON. */
const ENTRY_CHARACTERS_MAX = 262_144
/** All of them, as long as a file may be. */
const DIRECTORY_BYTES_MAX = 67_108_864

/** Which part of the directory somebody administers: an organization's, or all of it (`null`). */
export type Scope = string | null

/** An entry, and when it was last written; `undefined`: it is kept in a file, and cannot be changed here. */
export type FoundEntry = { readonly entry: EntryView; readonly revision: number | undefined }

/** The same with the secret that was made for it, which is shown once. */
export type WrittenEntry = FoundEntry & { readonly secret: string | undefined }

/** How many hold an authority. */
export type AuthorityView = {
  readonly authority: string
  readonly users: number
  readonly clients: number
  /** What it lets its holders do besides what the organization's rules say. */
  readonly role: 'administrator' | 'service' | null
}

/** Which part of a list is wanted. */
export type EntryRange = {
  readonly prefix: string
  /** Only those behind this id. */
  readonly after: string
  readonly max: number
  /** Only who holds it. */
  readonly authority?: string | undefined
}

/** What an entry is found by. */
export type EntryName = {
  readonly kind: EntryKind
  readonly id: string
  /** Of a webhook; other kinds need none. */
  readonly organizationId?: string
}

/**
 * The directory for those who administer it. What is not in somebody's scope is not there. Everything that a file is refused
 * for is refused here, with the same words; whatever is answered is durable, and in force.
 */
export interface DirectoryAdmin {
  /** Whether it is kept in the store; a file is changed by whoever writes files. */
  readonly isWritable: boolean
  /** @throws RollcallError `directory_conflict` where it is not */
  requireWritable(): void
  /** By id. */
  list(kind: EntryKind, scope: Scope, range: EntryRange): readonly EntryView[]
  authorities(scope: Scope): readonly AuthorityView[]
  /** @throws RollcallError `not_found` */
  find(scope: Scope, name: EntryName): FoundEntry
  /** @throws RollcallError `invalid_request` naming members, `forbidden`, `directory_conflict`, `unavailable` */
  add(scope: Scope, kind: EntryKind, members: Members): Promise<WrittenEntry>
  /**
   * Replaces the members that are given; `null` takes one away.
   *
   * @param revision as it was seen
   * @throws RollcallError as `add`; `not_found`; `precondition_failed` where somebody has changed it since
   */
  change(scope: Scope, name: EntryName, members: Members, revision: number): Promise<WrittenEntry>
  /** @throws RollcallError as `change` */
  remove(scope: Scope, name: EntryName, revision: number): Promise<void>
  /** Makes another secret, beside which the one from before stays good. @throws RollcallError as `change` */
  rotateSecret(scope: Scope, name: EntryName, revision: number): Promise<WrittenEntry>
  /** @throws RollcallError as `change` */
  removeFormerSecret(scope: Scope, name: EntryName, revision: number): Promise<WrittenEntry>
}

/** @param stored `undefined`: the directory is a file */
export function createDirectoryAdmin(
  source: Pick<DirectorySource, 'current'>,
  stored: StoredEntries | undefined,
  random: Pick<Random, 'bytes'>,
): DirectoryAdmin {
  const writable = (): StoredEntries => {
    if (stored !== undefined) return stored
    throw new RollcallError('directory_conflict', 'The directory is a file, and is changed there.')
  }
  return {
    isWritable: stored !== undefined,
    requireWritable: () => void writable(),
    list(kind, scope, { prefix, after, max, authority }) {
      const found: EntryValue[] = []
      for (const entry of entriesIn(source.current(), kind)) {
        const { id } = entry.value
        const isInRange = id > after && id.startsWith(prefix) && holds(entry, authority)
        if (isInRange && isInScope(entry, scope)) found.push(entry)
      }
      return found
        .sort((one, other) => (one.value.id < other.value.id ? -1 : 1))
        .slice(0, max)
        .map(viewOf)
    },
    authorities: (scope) => authoritiesOf(source, scope),
    find(scope, name) {
      const { kind, id, organizationId = '' } = name
      const entry = entryIn(source.current(), kind, id, organizationId)
      if (entry === undefined || !isInScope(entry, scope)) throw new RollcallError('not_found')
      return { entry: viewOf(entry), revision: stored?.entries.get(keyOfValue(entry))?.revision }
    },
    async add(scope, kind, given) {
      const entries = writable()
      return asRequest(async () => {
        const { organizationId, members } = placed(kind, scope, given)
        const { members: all, secret } = await withSecret(kind, members, random)
        return written(entries, secret, (newRevision) =>
          decideToAdd({ entries, scope, newRevision }, kind, all, organizationId),
        )
      })
    },
    async change(scope, name, given, revision) {
      const entries = writable()
      return asRequest(async () => {
        const changes = await withHashedPassword(name.kind, given)
        return written(entries, undefined, (newRevision) => {
          const former = formerOf(entries, scope, name, revision)
          return decideToReplace({ entries, scope, newRevision }, former, merged(former, changes))
        })
      })
    },
    async remove(scope, name, revision) {
      const entries = writable()
      await entries.change(() => {
        const former = formerOf(entries, scope, name, revision)
        if (former.kind === 'organizations') refuseToRemoveOrganization(entries, scope, former.value.id)
        return { changes: new Map([[former.key, undefined]]), result: undefined }
      })
    },
    async rotateSecret(scope, name, revision) {
      const entries = writable()
      return asRequest(async () => {
        const former = formerOf(entries, scope, name, revision)
        const { members, secret } = await withNewSecret(name.kind, openMembers(former), random)
        return written(entries, secret, (newRevision) =>
          decideToReplace({ entries, scope, newRevision }, formerOf(entries, scope, name, revision), members),
        )
      })
    },
    async removeFormerSecret(scope, name, revision) {
      const entries = writable()
      return asRequest(() =>
        written(entries, undefined, (newRevision) => {
          const former = formerOf(entries, scope, name, revision)
          const members = withoutFormerSecret(name.kind, openMembers(former))
          return decideToReplace({ entries, scope, newRevision }, former, members)
        }),
      )
    },
  }
}

function isInScope(entry: EntryValue, scope: Scope): boolean {
  return scope === null || organizationOf(entry) === scope
}

function holds(entry: EntryValue, authority: string | undefined): boolean {
  if (authority === undefined) return true
  return (entry.kind === 'users' || entry.kind === 'clients') && entry.value.authorities.includes(authority)
}

/** What is wrong with members is what is wrong with the request. */
async function asRequest<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FormError)) throw error
    const { path, problem } = error
    if (path === '') throw new RollcallError('invalid_request', `The body ${problem}.`)
    throw new RollcallError('invalid_request', undefined, { fields: [[path, problem]] })
  }
}

/** As it is written, whatever others do to it before that is told: it may be removed by then, or be something else. */
async function written(
  entries: StoredEntries,
  secret: string | undefined,
  decide: (revision: number) => Decision<FoundEntry>,
): Promise<WrittenEntry> {
  return { ...(await entries.change(decide, secret !== undefined)), secret }
}

/** As it is in the directory in force: an organization has its webhooks there. */
function inForce({ entries }: StoredEntries, entry: EntryValue): EntryValue {
  if (entry.kind !== 'organizations') return entry
  const webhooks = webhooksOf(entries.values()).get(entry.value.id) ?? []
  return { ...entry, value: { ...entry.value, webhooks } }
}

/** Whose a new entry is, where its members do not say so or may not. */
function placed(kind: EntryKind, scope: Scope, given: Members) {
  if (kind === 'organizations') {
    if (scope !== null) throw new RollcallError('forbidden')
    if (given['webhooks'] !== undefined) throw new FormError('webhooks', 'are entries of their own')
    return { organizationId: '', members: given }
  }
  if (kind === 'webhooks') {
    if (scope === null) throw new RollcallError('organization_required')
    return { organizationId: scope, members: given }
  }
  const organizationId = given['organizationId'] ?? null
  if (scope === null || organizationId === scope) return { organizationId: '', members: given }
  if (organizationId !== null) throw new RollcallError('forbidden')
  return { organizationId: '', members: { ...given, organizationId: scope } }
}

/** What is written where: whatever is decided stands at this revision, or is decided anew. */
type Writing = { readonly entries: StoredEntries; readonly scope: Scope; readonly newRevision: number }

function decideToAdd(
  writing: Writing,
  kind: EntryKind,
  members: Members,
  organizationId: string,
): Decision<FoundEntry> {
  const { entries } = writing
  const value = readEntry(kind, members, organizationId)
  const key = keyOfValue(value)
  // Also where it is one that cannot be used, which the directory in force does not have.
  if (entries.entries.has(key)) throw new FormError('id', TAKEN)
  if (kind === 'webhooks') refuseMoreWebhooks(entries, organizationId)
  return write(writing, { key, kind, order: entries.nextOrder, members }, value, undefined)
}

function decideToReplace(writing: Writing, former: Entry, members: Members): Decision<FoundEntry> {
  const organizationId = former.kind === 'webhooks' ? former.organizationId : ''
  const value = readEntry(former.kind, members, organizationId)
  if (keyOfValue(value) !== former.key) throw new FormError('id', 'cannot be changed')
  return write(writing, { ...former, members }, value, former)
}

/** Once it is known to fit to all others. */
function write(
  { entries, scope, newRevision }: Writing,
  draft: EntryDraft,
  value: EntryValue,
  former: Entry | undefined,
): Decision<FoundEntry> {
  if (!isInScope(value, scope)) throw new RollcallError('forbidden')
  const characters = JSON.stringify(draft.members).length
  if (characters > ENTRY_CHARACTERS_MAX)
    throw new FormError('', `must have at most ${ENTRY_CHARACTERS_MAX} characters`)
  if (entries.bytes + characters > DIRECTORY_BYTES_MAX)
    throw new FormError('', `makes the directory larger than ${DIRECTORY_BYTES_MAX} bytes`)
  refuseMisfit(entries, value, former)
  const result = { entry: viewOf(inForce(entries, value)), revision: newRevision }
  return { changes: new Map([[draft.key, draft]]), result }
}

function refuseMisfit(entries: StoredEntries, entry: EntryValue, former: Entry | undefined): void {
  const directory = entries.current()
  if (entry.kind === 'organizations' && former === undefined) refuseOrganization(directory, entry.value, '')
  if (entry.kind === 'users')
    refuseUser(directory, entry.value, '', former?.kind === 'users' ? former.value : undefined)
  if (entry.kind === 'clients')
    refuseClient(directory, entry.value, '', former?.kind === 'clients' ? former.value : undefined)
  if (entry.kind === 'webhooks' && !directory.organizations.has(entry.organizationId))
    throw new RollcallError('not_found')
}

function refuseMoreWebhooks(entries: StoredEntries, organizationId: string): void {
  const { webhooks = [] } = entries.current().organizations.get(organizationId) ?? {}
  if (webhooks.length >= WEBHOOKS_MAX)
    throw new FormError('', `must not be added: an organization has at most ${WEBHOOKS_MAX} webhooks`)
}

/** The entry as whoever asks has seen it. */
function formerOf(
  { entries }: StoredEntries,
  scope: Scope,
  { kind, id, organizationId }: EntryName,
  revision: number,
): Entry {
  const key = kind === 'webhooks' ? keyOf(kind, organizationId ?? '', id) : keyOf(kind, id)
  const former = entries.get(key)
  if (former === undefined || !isInScope(former, scope)) throw new RollcallError('not_found')
  if (former.revision !== revision) throw new RollcallError('precondition_failed')
  return former
}

/** Without secrets that could not be opened: whoever changes such a webhook gives it new ones. */
function openMembers({ isOpen, members }: Entry): Members {
  if (isOpen) return members
  const { secret: _secret, secrets: _secrets, ...others } = members
  return others
}

/** RFC 7396 of one level: what is given replaces, `null` takes away. */
function merged(former: Entry, changes: Members): Members {
  if (former.kind === 'organizations' && changes['webhooks'] !== undefined)
    throw new FormError('webhooks', 'are entries of their own')
  const all = new Map(Object.entries(openMembers(former)))
  // A user without an id of its own is called by its user name, and stays who it is when that changes.
  if (former.kind === 'users') all.set('id', former.value.id)
  for (const name of secretsReplaced(changes)) all.delete(name)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) all.delete(name)
    else all.set(name, value)
  }
  return Object.fromEntries(all)
}

/** One way to give secrets takes the place of the other. */
function secretsReplaced(changes: Members): readonly string[] {
  const names = ['secret', 'secretHash', 'secrets']
  const isPublic = changes['public'] === true
  return isPublic || names.some((name) => changes[name] !== undefined && changes[name] !== null) ? names : []
}

function refuseToRemoveOrganization(entries: StoredEntries, scope: Scope, id: string): void {
  if (scope !== null) throw new RollcallError('forbidden')
  let members = 0
  for (const entry of entries.entries.values())
    if (entry.kind !== 'organizations' && organizationOf(entry) === id) members++
  if (members > 0)
    throw new RollcallError(
      'directory_conflict',
      `It has users, clients or webhooks (${members}): remove those first.`,
    )
}

function authoritiesOf(source: Pick<DirectorySource, 'current'>, scope: Scope): readonly AuthorityView[] {
  const held = new Map<string, { users: number; clients: number }>()
  for (const kind of ['users', 'clients'] as const)
    for (const entry of entriesIn(source.current(), kind)) {
      if (entry.kind !== 'users' && entry.kind !== 'clients') continue
      if (!isInScope(entry, scope)) continue
      for (const authority of entry.value.authorities) {
        const counts = held.get(authority) ?? { users: 0, clients: 0 }
        counts[kind]++
        held.set(authority, counts)
      }
    }
  return [...held]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([authority, counts]) => ({ authority, ...counts, role: roleOf(authority) }))
}

function roleOf(authority: string): AuthorityView['role'] {
  if (isServiceAuthority(authority)) return 'service'
  return isAdministratorAuthority(authority) ? 'administrator' : null
}
