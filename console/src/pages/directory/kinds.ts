import { LIFECYCLE_EVENTS } from '@rollcall/protocol/lifecycle'
import type { EntryKind } from '../../api/directory.ts'
import type { DirectoryKind } from '../../routes.ts'

/** One member of an entry, as somebody fills it in. */
export type Field = {
  readonly name: string
  readonly label: string
  readonly hint?: string
  /** `words`: with spaces between, which none of them has; `choices`: any of `options`; `json`: a JSON value. */
  readonly is: 'text' | 'password' | 'words' | 'choices' | 'flag' | 'json'
  readonly options?: readonly string[]
  /** What is said instead where every option is chosen. */
  readonly all?: string
  /** Of a new entry: what stands in it to begin with. */
  readonly usual?: string
  readonly isRequired?: boolean
  /** Of a new entry only. */
  readonly isFinal?: boolean
  /** Asked only of role SERVICE that has named no organization: all else is of the one that is looked at. */
  readonly isOfAll?: boolean
}

/** What the pages say of a kind of entry. */
export type Kind = {
  readonly kind: EntryKind
  /** One of them, with its article. */
  readonly one: string
  readonly a: string
  readonly fields: readonly Field[]
  /** What is made anew; absent: it has none. */
  readonly secret?: 'secret' | 'password'
  /** What goes with it. */
  readonly removal: string
}

const ID: Field = { name: 'id', label: 'Id', is: 'text', isFinal: true, isRequired: true }
const ENABLED: Field = { name: 'enabled', label: 'Enabled', is: 'flag', usual: 'yes' }
const ORGANIZATION: Field = { name: 'organizationId', label: 'Organization', is: 'text', isOfAll: true }
const AUTHORITIES: Field = {
  name: 'authorities',
  label: 'Authorities',
  is: 'words',
  hint: 'With spaces between. ORGANIZATION_ADMIN: administers its organization.',
}

const ORGANIZATIONS: Kind = {
  kind: 'organizations',
  one: 'organization',
  a: 'an organization',
  removal: 'It must have no users, clients and webhooks any more.',
  fields: [
    ID,
    { name: 'name', label: 'Name', is: 'text', hint: 'For people. Empty: its id.' },
    { name: 'senderId', label: 'Devices are told who sent an event', is: 'flag' },
    {
      name: 'send',
      label: 'Who may send what',
      is: 'json',
      hint: 'A list of rules, in JSON. Empty: everybody everything to everybody in it.',
    },
  ],
}

const USERS: Kind = {
  kind: 'users',
  one: 'user',
  a: 'a user',
  secret: 'password',
  removal: 'Its sign-ins and connections end at once.',
  fields: [
    { name: 'username', label: 'User name', is: 'text', isRequired: true, hint: 'What is typed to sign in.' },
    {
      ...ID,
      isRequired: false,
      hint: 'What topics and the API call the user; never changes. Empty: the user name.',
    },
    { ...ORGANIZATION, isRequired: true },
    { ...AUTHORITIES, usual: 'ROLE_USER' },
    {
      name: 'password',
      label: 'Password',
      is: 'password',
      isFinal: true,
      hint: 'Empty: one is made, and shown once.',
    },
    ENABLED,
  ],
}

const CLIENTS: Kind = {
  kind: 'clients',
  one: 'client',
  a: 'a client',
  secret: 'secret',
  removal: 'What it has got ends at once, and so do sign-ins through it.',
  fields: [
    ID,
    { ...ORGANIZATION, hint: 'Empty: role SERVICE, or an app for people of every organization.' },
    {
      name: 'grants',
      label: 'Grants',
      is: 'choices',
      options: ['client_credentials', 'password', 'refresh_token'],
      usual: 'client_credentials',
      hint: 'client_credentials: it calls for itself. password: people sign in through it; refresh_token: and stay so.',
    },
    { ...AUTHORITIES, hint: 'With spaces between. ROLE_SERVICE: may send into every organization.' },
    { name: 'public', label: 'Public: an app that can keep no secret', is: 'flag', isFinal: true },
    ENABLED,
  ],
}

const WEBHOOKS: Kind = {
  kind: 'webhooks',
  one: 'webhook',
  a: 'a webhook',
  secret: 'secret',
  removal: 'What waits for it, and its dead letters, go with it.',
  fields: [
    ID,
    { name: 'url', label: 'URL', is: 'text', isRequired: true, hint: 'https, without a user name.' },
    {
      name: 'events',
      label: 'Events',
      is: 'choices',
      options: Object.keys(LIFECYCLE_EVENTS),
      // Also those of later versions.
      all: '*',
      usual: Object.keys(LIFECYCLE_EVENTS).join(' '),
    },
    { name: 'wakeUps', label: 'Registrations may name it to wake their devices', is: 'flag' },
    { ...ENABLED, label: 'Enabled: else nothing is sent, and what happens is kept for later' },
  ],
}

const KINDS: { readonly [Name in EntryKind]: Kind } = {
  organizations: ORGANIZATIONS,
  users: USERS,
  clients: CLIENTS,
  webhooks: WEBHOOKS,
}

export function kindOf(kind: EntryKind): Kind {
  return KINDS[kind]
}

export const TITLES: { readonly [Name in DirectoryKind]: string } = {
  organizations: 'Organizations',
  users: 'Users',
  clients: 'Clients',
  webhooks: 'Webhooks',
  authorities: 'Authorities',
}
