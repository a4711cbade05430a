import type { Clock } from '../../clock/clock.ts'
import type { AuthLog } from '../auth-log.ts'
import type { TrustedIssuer } from '../tokens/trusted-issuer.ts'
import type { FetchJson } from './fetch-json.ts'
import type { ForeignIssuer } from './foreign-issuers.ts'
import { type ForeignKeys, openForeignKeys } from './foreign-keys.ts'
import { trustForeignIssuer } from './foreign-token.ts'

/** The configured foreign issuers, with their keys. */
export interface ForeignTrust {
  issuerOf(iss: string): TrustedIssuer | undefined
  /** Whether one of them may. */
  speaksFor(organizationId: string): boolean
  /** Those that they may speak for by name. */
  readonly organizations: ReadonlySet<string>
  /** Idempotent. */
  close(): Promise<void>
}

type Options = {
  readonly fetchJson: FetchJson
  readonly clock: Pick<Clock, 'every' | 'monotonicMs'>
  readonly log: AuthLog
  readonly onKeysChanged: () => void
}

/** Begins to fetch their keys and does not wait: a start must not hang on somebody else's server. */
export function trustForeignIssuers(
  issuers: readonly ForeignIssuer[],
  { fetchJson, clock, log, onKeysChanged }: Options,
): ForeignTrust {
  const byIssuer = new Map<string, TrustedIssuer>()
  const opened: ForeignKeys[] = []
  for (const foreign of issuers) {
    const { issuer, jwksUri, audiences } = foreign
    if (audiences === undefined)
      log.warn('a foreign issuer has no audience configured: its tokens for other services are accepted', {
        issuer,
      })
    const keys = openForeignKeys({
      issuer,
      jwksUri,
      fetchJson,
      clock,
      log,
      onChanged: onKeysChanged,
    })
    opened.push(keys)
    byIssuer.set(issuer, trustForeignIssuer(foreign, keys))
  }
  return {
    issuerOf: (iss) => byIssuer.get(iss),
    speaksFor: (id) => issuers.some((issuer) => speaksFor(issuer, id)),
    organizations: new Set(issuers.flatMap(namedBy)),
    close: async () => void (await Promise.all(opened.map((keys) => keys.close()))),
  }
}

function speaksFor(issuer: ForeignIssuer, organizationId: string): boolean {
  if (issuer.organizationId !== undefined) return issuer.organizationId === organizationId
  return issuer.organizations === 'every' || issuer.organizations.has(organizationId)
}

function namedBy({ organizationId, organizations }: ForeignIssuer): readonly string[] {
  if (organizationId !== undefined) return [organizationId]
  return organizations === 'every' ? [] : [...organizations]
}
