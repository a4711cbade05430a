import { ID_RULE, isId } from '@rollcall/protocol/id'
import {
  type Form,
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

const ISSUERS_MAX = 20
const PATH_STEPS_MAX = 8

/**
 * Signatures only (RFC 7518 §3.1, RFC 8037 §3.1): a shared secret (HS*) could sign as well as verify, and `none` is no
 * algorithm.
 */
export const FOREIGN_ALGORITHMS: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/** Where a claim is: member names from the outside in. */
export type ClaimPath = readonly string[]

/** An identity provider whose tokens are believed, and how far. */
export type ForeignIssuer = {
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string
  readonly jwksUri: string
  /** Of which a token's `aud` must name one; `undefined`: not looked at. */
  readonly audiences: ReadonlySet<string> | undefined
  readonly algorithms: readonly string[]
  /** Where to look, first found wins. */
  readonly userIdPaths: readonly ClaimPath[]
  readonly organizationIdPath: ClaimPath
  readonly authoritiesPath: ClaimPath
  /** The organization of all its users, whatever their tokens say. */
  readonly organizationId: string | undefined
  /** The organizations it may speak for. */
  readonly organizations: ReadonlySet<string> | 'every'
  readonly allowService: boolean
  /** Whether its tokens may make somebody an administrator of an organization. */
  readonly allowAdministrator: boolean
}

/**
 * Reads the configuration key `foreignIssuers` (`docs/identity.md`).
 *
 * @throws Error whose message begins with `foreignIssuers:` and names the wrong member
 */
export function parseForeignIssuers(value: unknown): readonly ForeignIssuer[] {
  if (value === undefined || value === null) return []
  try {
    const issuers = listOf(readIssuer, ISSUERS_MAX)(value, '')
    refuseRepeated(issuers)
    return issuers
  } catch (error) {
    throw error instanceof FormError ? new Error(`foreignIssuers: ${error.message}`) : error
  }
}

const MEMBERS = [
  'issuer',
  'jwksUri',
  'audience',
  'algorithms',
  'claims',
  'organizationId',
  'organizations',
  'allowService',
  'allowAdministrator',
]

const readText = textThat((text) => text.length > 0 && text.length <= 512, 'text of 1 to 512 characters')
export const readId = textThat(isId, `an id: ${ID_RULE}`)
const readAlgorithm = textThat(
  (text) => FOREIGN_ALGORITHMS.includes(text),
  `one of ${FOREIGN_ALGORITHMS.join(', ')}`,
)
const readJwksUri = textThat(isTrustworthyUrl, 'an https URL, or http to a loopback address')

const readIssuer: Reader<ForeignIssuer> = (value, path) => {
  const object = readForm(value, path, MEMBERS)
  const claims = optional(object, 'claims', readClaims)
  const issuer = {
    issuer: required(object, 'issuer', readText),
    jwksUri: required(object, 'jwksUri', readJwksUri),
    audiences: optional(object, 'audience', readAudiences),
    algorithms: required(object, 'algorithms', listOf(readAlgorithm)),
    // [known-clients: the user is `userId`, or `sub` where there is no `userId`]
    userIdPaths: claims?.userId === undefined ? [['userId'], ['sub']] : [claims.userId],
    organizationIdPath: claims?.organizationId ?? ['organization_id'],
    authoritiesPath: claims?.authorities ?? ['authorities'],
    organizationId: optional(object, 'organizationId', readId),
    organizations: readOrganizations(object),
    allowService: optional(object, 'allowService', readFlag) ?? false,
    allowAdministrator: optional(object, 'allowAdministrator', readFlag) ?? false,
  }
  if (issuer.algorithms.length === 0) throw new FormError(`${path}.algorithms`, 'must not be empty')
  if (issuer.organizationId !== undefined && claims?.organizationId !== undefined)
    throw new FormError(`${path}.organizationId`, 'give either this or claims.organizationId')
  if (issuer.allowService && issuer.organizations !== 'every')
    throw new FormError(
      `${path}.allowService`,
      'SERVICE reaches every organization, so organizations must be "*"',
    )
  return issuer
}

type ClaimPaths = {
  readonly userId: ClaimPath | undefined
  readonly organizationId: ClaimPath | undefined
  readonly authorities: ClaimPath | undefined
}

export const readClaims: Reader<ClaimPaths> = (value, path) => {
  const object = readForm(value, path, ['userId', 'organizationId', 'authorities'])
  return {
    userId: optional(object, 'userId', readClaimPath),
    organizationId: optional(object, 'organizationId', readClaimPath),
    authorities: optional(object, 'authorities', readClaimPath),
  }
}

/** The name of one claim, dots and all (`https://example.com/roles`), or an array of names that leads into objects. */
const readClaimPath: Reader<ClaimPath> = (value, path) => {
  if (typeof value === 'string') return [readText(value, path)]
  const steps = listOf(readText, PATH_STEPS_MAX)(value, path)
  if (steps.length === 0) throw new FormError(path, 'must not be empty')
  return steps
}

const readAudiences: Reader<ReadonlySet<string>> = (value, path) => {
  const audiences = typeof value === 'string' ? [readText(value, path)] : listOf(readText, 100)(value, path)
  if (audiences.length === 0) throw new FormError(path, 'must not be empty')
  return new Set(audiences)
}

/** Never guessed: an issuer that may speak for every organization has to be given that power in so many words. */
export function readOrganizations(object: Form): ForeignIssuer['organizations'] {
  const fixed = optional(object, 'organizationId', readId)
  const listed = optional(object, 'organizations', (value, path) =>
    value === '*' ? ('every' as const) : new Set(listOf(readId)(value, path)),
  )
  if (fixed !== undefined && listed === undefined) return new Set([fixed])
  if (listed === undefined)
    throw new FormError(
      memberPath(object.path, 'organizations'),
      'is missing: a list of ids, or "*" for every one',
    )
  if (fixed !== undefined && listed !== 'every' && !listed.has(fixed))
    throw new FormError(memberPath(object.path, 'organizations'), 'must include organizationId')
  return listed
}

/** Keys that came over a plain connection could be anybody's. */
export function isTrustworthyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return false
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback)
}

function refuseRepeated(issuers: readonly ForeignIssuer[]): void {
  const seen = new Set<string>()
  for (const [index, { issuer }] of issuers.entries()) {
    if (seen.has(issuer)) throw new FormError(`[${index}].issuer`, 'is taken by an earlier entry')
    seen.add(issuer)
  }
}
