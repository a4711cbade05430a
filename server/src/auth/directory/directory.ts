import type { LifecycleEventType } from '@rollcall/protocol/lifecycle'

/** What a client may do at the token endpoint (RFC 6749 §1.3, §1.5). */
export const GRANTS = ['client_credentials', 'password', 'refresh_token'] as const
export type Grant = (typeof GRANTS)[number]

export type Organization = {
  readonly id: string
  readonly name: string
  readonly webhooks: readonly Webhook[]
  /** Who may send what to whom. Empty: everybody everything to everybody, as the contract has it. */
  readonly send: readonly SendRule[]
  /** Whether devices are told who sent an event, in a member `senderId` that only the server writes. */
  readonly senderId: boolean
}

/** To whom somebody may send: only to oneself, to everybody in the organization, or to nobody. */
export const SEND_TO = ['self', 'organization', 'none'] as const

/** What the holders of one authority may send. */
export type SendRule = {
  /** `undefined`: for users whose authorities no rule names. */
  readonly authority: string | undefined
  readonly to: (typeof SEND_TO)[number]
  /** Patterns of event types, where `*` stands for any characters; `undefined`: every type. */
  readonly types: readonly string[] | undefined
}

/** Where an organization wants to be told what happens to its endpoints. */
export type Webhook = {
  /** Unique within the organization. */
  readonly id: string
  /** http or https. Whether its address may be used is for whoever connects to judge. */
  readonly url: string
  /** One or two, newest first: requests are signed with each, so that receivers can change over at their own time. */
  readonly secrets: readonly Uint8Array[]
  readonly events: ReadonlySet<LifecycleEventType>
  /** A disabled one gets nothing now, and all of it later. */
  readonly enabled: boolean
  /** Whether registrations may name it to wake their devices: it is told of each that sleeps, whatever `events` says. Default: no. */
  readonly wakeUps?: boolean
}

export type User = {
  /** Unique over the whole directory, clients included. */
  readonly id: string
  /** What the user types; unique over the whole directory, because the password grant names no organization. */
  readonly username: string
  readonly passwordHash: string
  readonly organizationId: string
  readonly authorities: readonly string[]
  readonly enabled: boolean
}

export type OAuthClient = {
  readonly id: string
  /** One or two, newest first, of which each is good. None: a public client (RFC 6749 §2.1), which has no secret. */
  readonly secretHashes: readonly string[]
  /** `null`: a SERVICE client, or one that only signs users in and never speaks for itself. */
  readonly organizationId: string | null
  readonly authorities: readonly string[]
  readonly grants: ReadonlySet<Grant>
  readonly enabled: boolean
}

/** Who there is: one reading of the directory file, never changed. A reload makes another. */
export type Directory = {
  readonly organizations: ReadonlyMap<string, Organization>
  readonly users: ReadonlyMap<string, User>
  readonly usersByName: ReadonlyMap<string, User>
  readonly clients: ReadonlyMap<string, OAuthClient>
}

/** Told of the directory that was in force before and of the one that is now; resolves when all that follows is done. */
export type ReloadListener = (before: Directory, now: Directory) => Promise<void> | void

/** The directory in force. */
export interface DirectorySource {
  current(): Directory
  /** Has `listener` called after each reload. */
  onReloaded(listener: ReloadListener): void
  /** Reads the file now, changed or not. Never rejects: one that cannot be used changes nothing, and is logged. */
  reload(): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

/** Webhooks of one organization. */
export const WEBHOOKS_MAX = 20

/** Secrets of one client, or of one webhook: the one that is in use, and the one that takes over. */
export const SECRETS_MAX = 2

const SERVICE_AUTHORITIES: readonly string[] = ['SERVICE', 'ROLE_SERVICE']

const ADMINISTRATOR_AUTHORITIES: readonly string[] = ['ORGANIZATION_ADMIN', 'ROLE_ORGANIZATION_ADMIN']

/** Whether `authority` is one of the two names of an organization's administrator. */
export function isAdministratorAuthority(authority: string): boolean {
  return ADMINISTRATOR_AUTHORITIES.includes(authority)
}

/** Whether `authority` is one of the two names of the role SERVICE. */
export function isServiceAuthority(authority: string): boolean {
  return SERVICE_AUTHORITIES.includes(authority)
}

/** Whether whoever holds these authorities has role SERVICE: sends into any organization, belongs to none. */
export function isService(authorities: readonly string[]): boolean {
  return authorities.some(isServiceAuthority)
}
