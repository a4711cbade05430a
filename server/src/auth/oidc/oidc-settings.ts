import { createHash } from 'node:crypto'
import { FormError, listOf, optional, type Reader, readForm, required, textThat } from '../../parse/parse.ts'
import { isService } from '../directory/directory.ts'
import { readAuthority } from '../directory/send-form.ts'
import {
  type ClaimPath,
  FOREIGN_ALGORITHMS,
  type ForeignIssuer,
  isTrustworthyUrl,
  readClaims,
  readId,
  readOrganizations,
} from '../foreign/foreign-issuers.ts'

const ISSUER_CHARACTERS_MAX = 256
const ROLES_MAX = 100
const AUTHORITIES_MAX = 32

/** An identity provider at which people sign in for the console, and what is made of what it says. */
export type OidcSettings = {
  /** Exactly as its discovery document and its ID tokens name it. */
  readonly issuer: string
  readonly clientId: string
  /** `undefined`: a public client, of which PKCE is all there is. */
  readonly clientSecret: string | undefined
  /** On the button. */
  readonly name: string
  readonly scope: string
  /** Of its ID tokens; no other is taken. */
  readonly algorithm: string
  readonly userIdPath: ClaimPath
  readonly organizationIdPath: ClaimPath
  readonly rolesPath: ClaimPath
  /** The organization of all its people, whatever it says. */
  readonly organizationId: string | undefined
  readonly organizations: ForeignIssuer['organizations']
  /** What a role there gives here. Who has none of them is not let in. */
  readonly roles: ReadonlyMap<string, readonly string[]>
  /** Names all of that, without the secret: what was given out by other settings is good no more. */
  readonly fingerprint: string
}

/**
 * Reads the configuration keys `openIdConnect` and `openIdConnectClientSecret` (`docs/identity.md`).
 *
 * @returns `undefined` where nothing is configured
 * @throws Error whose message begins with the key and names the wrong member, never a value
 */
export function parseOidc(value: unknown, clientSecret: string | undefined): OidcSettings | undefined {
  if (value === undefined || value === null) {
    if (clientSecret !== undefined)
      throw new Error('openIdConnectClientSecret: is of no use without openIdConnect')
    return undefined
  }
  try {
    return readSettings(value, clientSecret)
  } catch (error) {
    throw error instanceof FormError ? new Error(`openIdConnect: ${error.message}`) : error
  }
}

const MEMBERS = [
  'issuer',
  'clientId',
  'name',
  'scope',
  'algorithm',
  'claims',
  'organizationId',
  'organizations',
  'roles',
]

const readText = textThat((text) => text.length > 0 && text.length <= 256, 'text of 1 to 256 characters')
const readIssuer = textThat(isIssuer, 'an https URL without query, or http to a loopback address')
const readScope = textThat(
  (text) =>
    text.length <= 256 && text.split(' ').includes('openid') && /^[!#-[\]-~]+( [!#-[\]-~]+)*$/.test(text),
  'words with spaces between, one of them openid',
)
const readAlgorithm = textThat(
  (text) => FOREIGN_ALGORITHMS.includes(text),
  `one of ${FOREIGN_ALGORITHMS.join(', ')}`,
)

function isIssuer(text: string): boolean {
  if (text.length > ISSUER_CHARACTERS_MAX || !isTrustworthyUrl(text)) return false
  const { search, hash } = new URL(text)
  return search === '' && hash === ''
}

function readSettings(value: unknown, clientSecret: string | undefined): OidcSettings {
  const object = readForm(value, '', MEMBERS)
  const claims = optional(object, 'claims', readClaims)
  const issuer = required(object, 'issuer', readIssuer)
  const settings = {
    issuer,
    clientId: required(object, 'clientId', readText),
    name: optional(object, 'name', readText) ?? new URL(issuer).host,
    scope: optional(object, 'scope', readScope) ?? 'openid',
    // OpenID Connect Core §3.1.3.7: the one that every provider has.
    algorithm: optional(object, 'algorithm', readAlgorithm) ?? 'RS256',
    userIdPath: claims?.userId ?? ['sub'],
    organizationIdPath: claims?.organizationId ?? ['organization_id'],
    rolesPath: claims?.authorities ?? ['roles'],
    organizationId: optional(object, 'organizationId', readId),
    organizations: readOrganizations(object),
    roles: required(object, 'roles', readRoles),
  }
  if (settings.organizationId !== undefined && claims?.organizationId !== undefined)
    throw new FormError('organizationId', 'give either this or claims.organizationId')
  const givesAll = [...settings.roles.values()].some(isService)
  if (givesAll && settings.organizations !== 'every')
    throw new FormError('roles', 'SERVICE reaches every organization, so organizations must be "*"')
  return { ...settings, clientSecret, fingerprint: fingerprintOf(settings) }
}

/** Role there → authority here, or several. Keys are anybody's words, and may be values in the wrong place: none is quoted. */
const readRoles: Reader<ReadonlyMap<string, readonly string[]>> = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormError(path, 'must be an object')
  const entries = Object.entries(value)
  if (entries.length === 0 || entries.length > ROLES_MAX)
    throw new FormError(path, `must have 1 to ${ROLES_MAX} members`)
  return new Map(
    entries.map(([role, given], index): [string, readonly string[]] => {
      const place = `${path}, member ${index + 1}`
      if (role.length > 256) throw new FormError(place, 'must be called by at most 256 characters')
      const authorities: unknown = typeof given === 'string' ? [given] : given
      return [role, listOf(readAuthority, AUTHORITIES_MAX)(authorities, place)]
    }),
  )
}

function fingerprintOf({ name: _, ...settings }: Omit<OidcSettings, 'fingerprint' | 'clientSecret'>): string {
  const { organizations, roles } = settings
  const plain = {
    ...settings,
    organizations: organizations === 'every' ? organizations : [...organizations].sort(),
    roles: [...roles].sort(([one], [other]) => (one < other ? -1 : 1)),
  }
  return createHash('sha256').update(JSON.stringify(plain)).digest('base64url').slice(0, 16)
}
