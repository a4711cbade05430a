import { type Backend, RollcallError } from '@rollcall/client'
import { queryOf } from '../query.ts'
import type { ListQuery, Options } from './options.ts'
import { fields, isFields } from './parse.ts'
import { RefusedError } from './problem.ts'

/** What the directory is made of, in the words of its API. */
export type EntryKind = 'organizations' | 'users' | 'clients' | 'webhooks'

/** Members as a directory file has them, but for secrets. */
export type Members = { readonly [member: string]: unknown }

export type DirectoryEntry = {
  readonly id: string
  /** When it was last written, for `If-Match`; `undefined`: the directory is a file. */
  readonly revision: number | undefined
  /** A secret or password that was made just now: nobody is shown it again. */
  readonly newSecret: string | undefined
  /** All else. */
  readonly members: Members
}

export type EntryPage = {
  readonly entries: readonly DirectoryEntry[]
  readonly nextCursor: string | undefined
  /** Whether it is kept in the store: a file is changed by whoever writes files. */
  readonly isWritable: boolean
}

export type Authority = {
  readonly authority: string
  readonly users: number
  readonly clients: number
  readonly role: 'administrator' | 'service' | undefined
}

/** A line of the audit log, as far as it is shown. */
export type AuditLine = {
  readonly at: string
  readonly action: string
  readonly outcome: string
  readonly callerId: string | undefined
  readonly callerOrganizationId: string | undefined
  readonly address: string | undefined
}

export type AuditPage = { readonly lines: readonly AuditLine[]; readonly nextCursor: string | undefined }

/** The directory over its API. Every method throws as the SDK does, and `RefusedError` where it is not for this sign-in. */
export interface DirectoryApi {
  /** By id; the query as `GET /rtc-api/directory/users` has it. */
  list(kind: EntryKind, query: ListQuery, options?: Options): Promise<EntryPage>
  find(kind: EntryKind, id: string, options?: Options): Promise<DirectoryEntry>
  add(kind: EntryKind, members: Members, options?: Options): Promise<DirectoryEntry>
  /** Each of these is refused where the entry is not as it was seen (412). */
  change(kind: EntryKind, seen: DirectoryEntry, members: Members, options?: Options): Promise<DirectoryEntry>
  remove(kind: EntryKind, seen: DirectoryEntry, options?: Options): Promise<void>
  rotateSecret(kind: EntryKind, seen: DirectoryEntry, options?: Options): Promise<DirectoryEntry>
  removeFormerSecret(kind: EntryKind, seen: DirectoryEntry, options?: Options): Promise<DirectoryEntry>
  authorities(options?: Options): Promise<readonly Authority[]>
  /** Who did what, newest first; the query as `GET /rtc-api/audit` has it. */
  audit(query: ListQuery, options?: Options): Promise<AuditPage>
}

type Request = Backend['request']

export function createDirectoryApi(given: Request): DirectoryApi {
  const request = sayingForWhom(given)
  const write = async (path: string, seen: DirectoryEntry, options: Options, wanted: object) => {
    const headers = { 'if-match': `"${seen.revision ?? 0}"` }
    return request(withOrganization(path, options), { ...wanted, headers, ...signalOf(options) })
  }
  return {
    async list(kind, query, { organizationId, signal } = {}) {
      const path = `/rtc-api/directory/${kind}${queryOf({ ...query, organizationId })}`
      return parsePage(await request(path, signalOf({ signal })))
    },
    async find(kind, id, options = {}) {
      return parseEntry(await request(withOrganization(pathOf(kind, id), options), signalOf(options)))
    },
    async add(kind, members, options = {}) {
      const path = withOrganization(`/rtc-api/directory/${kind}`, options)
      return parseEntry(await request(path, { method: 'POST', body: members, ...signalOf(options) }))
    },
    async change(kind, seen, members, options = {}) {
      const wanted = { method: 'PATCH', body: members }
      return parseEntry(await write(pathOf(kind, seen.id), seen, options, wanted))
    },
    async remove(kind, seen, options = {}) {
      await write(pathOf(kind, seen.id), seen, options, { method: 'DELETE' })
    },
    async rotateSecret(kind, seen, options = {}) {
      const path = `${pathOf(kind, seen.id)}/rotate-secret`
      return parseEntry(await write(path, seen, options, { method: 'POST' }))
    },
    async removeFormerSecret(kind, seen, options = {}) {
      const path = `${pathOf(kind, seen.id)}/remove-former-secret`
      return parseEntry(await write(path, seen, options, { method: 'POST' }))
    },
    async authorities(options = {}) {
      const path = withOrganization('/rtc-api/directory/authorities', options)
      return parseAuthorities(await request(path, signalOf(options)))
    },
    async audit(query, { organizationId, signal } = {}) {
      const path = `/rtc-api/audit${queryOf({ ...query, organizationId })}`
      return parseAudit(await request(path, signalOf({ signal })))
    },
  }
}

/** What others may not see, and who may: a page that says only "no" helps nobody. */
function sayingForWhom(request: Request): Request {
  return async (path, options) => {
    try {
      return await request(path, options)
    } catch (error) {
      const isRefused = error instanceof RollcallError && error.code === 'forbidden'
      throw isRefused ? new RefusedError(FOR_WHOM) : error
    }
  }
}

const FOR_WHOM =
  'The directory is for people who administer the organization (authority ORGANIZATION_ADMIN), and for role SERVICE. Backends and other people may not see it: sign in as somebody who may.'

function pathOf(kind: EntryKind, id: string): string {
  return `/rtc-api/directory/${kind}/${encodeURIComponent(id)}`
}

function withOrganization(path: string, { organizationId }: Options): string {
  return `${path}${queryOf({ organizationId })}`
}

function signalOf({ signal }: { readonly signal?: AbortSignal | undefined }) {
  return signal === undefined ? {} : { signal }
}

function parseEntry(value: unknown): DirectoryEntry {
  const { revision, newSecret, ...members } = fields(value)
  const { id } = members
  if (typeof id !== 'string') throw new Error(UNEXPECTED)
  return {
    id,
    revision: typeof revision === 'number' ? revision : undefined,
    newSecret: textOr(newSecret),
    members,
  }
}

function parsePage(value: unknown): EntryPage {
  const { entries, nextCursor, isWritable } = fields(value)
  if (!Array.isArray(entries)) throw new Error(UNEXPECTED)
  return { entries: entries.map(parseEntry), nextCursor: textOr(nextCursor), isWritable: isWritable === true }
}

function parseAuthorities(value: unknown): readonly Authority[] {
  const { authorities } = fields(value)
  if (!Array.isArray(authorities)) throw new Error(UNEXPECTED)
  return authorities.filter(isFields).map(({ authority, users, clients, role }) => ({
    authority: String(authority),
    users: Number(users),
    clients: Number(clients),
    role: role === 'administrator' || role === 'service' ? role : undefined,
  }))
}

function parseAudit(value: unknown): AuditPage {
  const { lines, nextCursor } = fields(value)
  if (!Array.isArray(lines)) throw new Error(UNEXPECTED)
  return { lines: lines.filter(isFields).map(parseLine), nextCursor: textOr(nextCursor) }
}

function parseLine({ at, action, outcome, callerId, callerOrganizationId, address }: Members): AuditLine {
  return {
    at: textOr(at) ?? '',
    action: textOr(action) ?? '',
    outcome: textOr(outcome) ?? '',
    callerId: textOr(callerId),
    callerOrganizationId: textOr(callerOrganizationId),
    address: textOr(address),
  }
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

const UNEXPECTED = 'The server’s answer is not what the API promises. It may be another version.'
