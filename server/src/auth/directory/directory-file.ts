import { ID_RULE, isId } from '@rollcall/protocol/id'
import { faultText, findJsonFault } from '@rollcall/protocol/json-fault'
import { JSON_DEPTH_MAX } from '@rollcall/protocol/limits'
import {
  FormError,
  listOf,
  memberPath,
  optional,
  type Reader,
  readFlag,
  readForm,
  required,
  textThat,
} from '../../parse/parse.ts'
import {
  type Directory,
  GRANTS,
  type Grant,
  isService,
  type OAuthClient,
  type Organization,
  type User,
  WEBHOOKS_MAX,
} from './directory.ts'
import { DirectoryDraft, TAKEN } from './directory-draft.ts'
import { isPasswordHash, isSecretHash } from './hash-secret.ts'
import { readSecrets } from './secrets-form.ts'
import { readAuthority, readSendRules } from './send-form.ts'
import { readWebhook } from './webhook-form.ts'

const USERNAME_CHARACTERS_MAX = 256
// Both bounds keep a token below its size limit, whatever the directory holds.
const AUTHORITIES_MAX = 32

/**
 * Reads a directory file (`docs/directory.md`). All or nothing: one wrong entry refuses the whole.
 *
 * @throws FormError whose message begins with the path of the first wrong member
 */
export function parseDirectory(text: string): Directory {
  const root = readForm(parseJson(text), '', ['organizations', 'users', 'clients'])
  const draft = new DirectoryDraft()
  required(root, 'organizations', listOf(readOrganization)).forEach((organization, index) => {
    draft.addOrganization(organization, `organizations[${index}]`)
  })
  optional(root, 'users', listOf(readUser))?.forEach((user, index) => {
    draft.addUser(user, `users[${index}]`)
  })
  optional(root, 'clients', listOf(readClient))?.forEach((client, index) => {
    draft.addClient(client, `clients[${index}]`)
  })
  return draft
}

/** The parser's own message quotes the text, in which the hashes are: only the place is told. */
export function parseJson(given: string): unknown {
  // Editors of Windows begin a file with a byte order mark.
  const text = given.replace(/^\ufeff/, '')
  try {
    return JSON.parse(text)
  } catch {
    const fault = findJsonFault(text, JSON_DEPTH_MAX)
    throw new FormError('', `is not valid JSON${fault === undefined ? '' : `. ${faultText(fault)}`}`)
  }
}

const readId = textThat(isId, `an id: ${ID_RULE}`)
const readName = textThat((name) => name.length > 0 && name.length <= 256, '1 to 256 characters')
const readUsername = textThat(
  isUsername,
  `1 to ${USERNAME_CHARACTERS_MAX} characters without control characters`,
)
const readAuthorities = listOf(readAuthority, AUTHORITIES_MAX)

function isUsername(text: string): boolean {
  return (
    text.length > 0 && text.length <= USERNAME_CHARACTERS_MAX && !/\p{Cc}/u.test(text) && text.isWellFormed()
  )
}

/** An organization with its webhooks. */
export const readOrganization: Reader<Organization> = (value, path) => {
  const object = readForm(value, path, ['id', 'name', 'webhooks', 'send', 'senderId'])
  const id = required(object, 'id', readId)
  const webhooks = optional(object, 'webhooks', listOf(readWebhook, WEBHOOKS_MAX)) ?? []
  const ids = new Set<string>()
  for (const [index, webhook] of webhooks.entries()) {
    if (ids.has(webhook.id)) throw new FormError(`${memberPath(path, 'webhooks')}[${index}].id`, TAKEN)
    ids.add(webhook.id)
  }
  return {
    id,
    name: optional(object, 'name', readName) ?? id,
    webhooks,
    send: optional(object, 'send', readSendRules) ?? [],
    senderId: optional(object, 'senderId', readFlag) ?? false,
  }
}

/** A user. */
export const readUser: Reader<User> = (value, path) => {
  const known = ['id', 'username', 'passwordHash', 'organizationId', 'authorities', 'enabled']
  const object = readForm(value, path, known)
  const username = required(object, 'username', readUsername)
  const authorities = optional(object, 'authorities', readAuthorities) ?? ['ROLE_USER']
  if (isService(authorities))
    throw new FormError(
      memberPath(path, 'authorities'),
      'SERVICE belongs to no organization, so only a client may hold it',
    )
  return {
    // A user name is free text, an id is not: without an id of its own the name has to obey the rule for ids.
    id: optional(object, 'id', readId) ?? readId(username, memberPath(path, 'username')),
    username,
    passwordHash: required(object, 'passwordHash', textThat(isPasswordHash, 'an argon2id hash')),
    organizationId: required(object, 'organizationId', readId),
    authorities,
    enabled: optional(object, 'enabled', readFlag) ?? true,
  }
}

/** A client. */
export const readClient: Reader<OAuthClient> = (value, path) => {
  const known = [
    'id',
    'secretHash',
    'secrets',
    'public',
    'organizationId',
    'authorities',
    'grants',
    'enabled',
  ]
  const object = readForm(value, path, known)
  const client = {
    id: required(object, 'id', readId),
    secretHashes: readSecrets(object, 'secretHash', readSecretHash) ?? [],
    organizationId: optional(object, 'organizationId', readId) ?? null,
    authorities: optional(object, 'authorities', readAuthorities) ?? [],
    grants: new Set(required(object, 'grants', listOf(readGrant, GRANTS.length))),
    enabled: optional(object, 'enabled', readFlag) ?? true,
  }
  checkClient(client, optional(object, 'public', readFlag) ?? false, path)
  return client
}

const readSecretHash = textThat(isSecretHash, 'an argon2id or sha256$ hash')

const readGrant: Reader<Grant> = (value, path) => {
  const grant = GRANTS.find((known) => known === value)
  if (grant === undefined) throw new FormError(path, `must be one of ${GRANTS.join(', ')}`)
  return grant
}

/** What one member cannot tell alone. */
function checkClient(client: OAuthClient, isPublic: boolean, path: string): void {
  const speaksForItself = client.grants.has('client_credentials')
  if (isPublic === client.secretHashes.length > 0)
    throw new FormError(memberPath(path, 'secretHash'), 'give either this or "public": true')
  // RFC 6749 §4.4: only confidential clients.
  if (isPublic && speaksForItself)
    throw new FormError(memberPath(path, 'grants'), 'a public client cannot use client_credentials')
  if (isService(client.authorities) && client.organizationId !== null)
    throw new FormError(memberPath(path, 'organizationId'), 'a SERVICE client belongs to no organization')
  if (speaksForItself && client.organizationId === null && !isService(client.authorities))
    throw new FormError(
      memberPath(path, 'organizationId'),
      'is missing; only a SERVICE client may go without',
    )
}
