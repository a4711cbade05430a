import { type CryptoKey, createLocalJWKSet, errors, type JWK } from 'jose'
import type { Clock } from '../../clock/clock.ts'
import { isJsonObject } from '../../parse/parse.ts'
import type { AuthLog } from '../auth-log.ts'
import type { FetchJson } from './fetch-json.ts'

const REFRESH_PERIOD_MS = 600_000
/** How long an unknown key id asks for nothing new: else random key ids would make us flood the issuer. */
const COOL_DOWN_MS = 30_000
const COOL_DOWN_AFTER_FAILURE_MS = 5_000
const KEYS_MAX = 100

/** The published keys of one foreign issuer. Never fetched: no keys, and so nobody is let in. */
export interface ForeignKeys {
  /**
   * The key for this id and algorithm, or without an id the only one that fits; asks the issuer once where there
   * is none.
   */
  find(keyId: string | undefined, algorithm: string): Promise<CryptoKey | undefined>
  /** Asks the issuer again, unless that was a moment ago. Tells whether it was asked. */
  refresh(): Promise<boolean>
  /** Idempotent. */
  close(): Promise<void>
}

type Options = {
  readonly issuer: string
  readonly jwksUri: string
  readonly fetchJson: FetchJson
  readonly clock: Pick<Clock, 'every' | 'monotonicMs'>
  readonly log: AuthLog
  /** Called when the issuer no longer publishes what it did. */
  readonly onChanged: () => void
}

type KeySet = ReturnType<typeof createLocalJWKSet>

/**
 * Keeps an issuer's keys: fetched now, every ten minutes (a withdrawn key must not be believed for ever), and
 * when a token names one that is not known. An issuer that cannot be reached, or answers nonsense, keeps its
 * last good set.
 */
export function openForeignKeys(options: Options): ForeignKeys {
  const { issuer, jwksUri, fetchJson, clock, log, onChanged } = options
  let keys: KeySet = createLocalJWKSet({ keys: [] })
  let fingerprint: string | undefined
  let fetching: Promise<void> | undefined
  let isClosed = false
  let coolUntilMs = Number.NEGATIVE_INFINITY

  async function fetchOnce(): Promise<void> {
    try {
      const published = publishedKeys(await fetchJson(jwksUri))
      const found = JSON.stringify(published)
      if (found !== fingerprint) {
        keys = createLocalJWKSet({ keys: published })
        if (fingerprint !== undefined) onChanged()
        fingerprint = found
        log.info('keys of a foreign issuer fetched', { issuer, keys: published.length })
      }
      coolUntilMs = clock.monotonicMs() + COOL_DOWN_MS
    } catch (error) {
      coolUntilMs = clock.monotonicMs() + COOL_DOWN_AFTER_FAILURE_MS
      log.warn('keys of a foreign issuer not fetched, the last good ones are kept', {
        issuer,
        keys: keys.jwks().keys.length,
        problem: error instanceof Error ? error.message : 'unknown',
      })
    }
  }

  function refetch(): Promise<void> {
    fetching ??= fetchOnce().finally(() => {
      fetching = undefined
    })
    return fetching
  }

  async function refresh(): Promise<boolean> {
    const isUseful = !isClosed && (fetching !== undefined || clock.monotonicMs() >= coolUntilMs)
    if (isUseful) await refetch()
    return isUseful
  }

  void refetch()
  const timer = clock.every(REFRESH_PERIOD_MS, () => void refetch())
  return {
    async find(keyId, algorithm) {
      const known = await keyIn(keys, keyId, algorithm)
      return known ?? ((await refresh()) ? keyIn(keys, keyId, algorithm) : undefined)
    },
    refresh,
    async close() {
      isClosed = true
      timer.cancel()
      await fetching
    },
  }
}

/**
 * jose says which key of a set fits (RFC 7517 §4, RFC 7518 §3.1): kind, curve, `alg`, `use`, `key_ops`, and public. RFC 7515
 * §4.1.4 lets a token do without a key id; with two keys that fit nobody could say which it means.
 */
async function keyIn(keys: KeySet, keyId: string | undefined, alg: string): Promise<CryptoKey | undefined> {
  try {
    return await keys(keyId === undefined ? { alg } : { alg, kid: keyId })
  } catch (error) {
    const isNamedTwice = keyId !== undefined && error instanceof errors.JWKSMultipleMatchingKeys
    if (isNamedTwice) for await (const key of error) return key
    return undefined
  }
}

/** The members of a JWK set (RFC 7517 §5). @throws Error where it is none, so that the last good one is kept */
function publishedKeys(document: unknown): JWK[] {
  const keys = isJsonObject(document) ? document['keys'] : undefined
  if (!Array.isArray(keys)) throw new Error('answered no JWK set')
  return keys.filter(isJsonObject).slice(0, KEYS_MAX)
}
