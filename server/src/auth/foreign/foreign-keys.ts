import type { Clock } from '../../clock/clock.ts'
import type { AuthLog } from '../auth-log.ts'
import type { FetchJson } from './fetch-json.ts'
import { keyForAlgorithm, type VerificationKey } from './foreign-algorithm.ts'

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
  find(keyId: string | undefined, algorithm: string): Promise<VerificationKey | undefined>
  /** Asks the issuer again, unless that was a moment ago. Tells whether it was asked. */
  refresh(): Promise<boolean>
  /** Idempotent. */
  close(): Promise<void>
}

type Options = {
  readonly issuer: string
  readonly jwksUri: string
  readonly algorithms: readonly string[]
  readonly fetchJson: FetchJson
  readonly clock: Pick<Clock, 'every' | 'monotonicMs'>
  readonly log: AuthLog
  /** Called when the issuer no longer publishes what it did. */
  readonly onChanged: () => void
}

/** Key id, or where it has none a place of its own → algorithm → key. */
type KeySet = ReadonlyMap<string | symbol, ReadonlyMap<string, VerificationKey>>

/**
 * Keeps an issuer's keys: fetched now, every ten minutes (a withdrawn key must not be believed for ever), and
 * when a token names one that is not known. An issuer that cannot be reached, or answers nonsense, keeps its
 * last good set.
 */
export function openForeignKeys(options: Options): ForeignKeys {
  const { issuer, jwksUri, algorithms, fetchJson, clock, log, onChanged } = options
  let keys: KeySet = new Map()
  let fingerprint: string | undefined
  let fetching: Promise<void> | undefined
  let isClosed = false
  let coolUntilMs = Number.NEGATIVE_INFINITY

  async function fetchOnce(): Promise<void> {
    try {
      const published = publishedKeys(await fetchJson(jwksUri))
      const found = JSON.stringify(published)
      if (found !== fingerprint) {
        keys = await importKeys(published, algorithms)
        if (fingerprint !== undefined) onChanged()
        fingerprint = found
        log.info('keys of a foreign issuer fetched', { issuer, usable: keys.size })
      }
      coolUntilMs = clock.monotonicMs() + COOL_DOWN_MS
    } catch (error) {
      coolUntilMs = clock.monotonicMs() + COOL_DOWN_AFTER_FAILURE_MS
      log.warn('keys of a foreign issuer not fetched, the last good ones are kept', {
        issuer,
        usable: keys.size,
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
      if (keyId === undefined) {
        const only = onlyKey(keys, algorithm)
        return only ?? ((await refresh()) ? onlyKey(keys, algorithm) : undefined)
      }
      if (!keys.has(keyId)) await refresh()
      return keys.get(keyId)?.get(algorithm)
    },
    refresh,
    async close() {
      isClosed = true
      timer.cancel()
      await fetching
    },
  }
}

/** RFC 7515 §4.1.4 lets a token do without a key id; with two keys that fit nobody could say which it means. */
function onlyKey(keys: KeySet, algorithm: string): VerificationKey | undefined {
  const fitting = [...keys.values()]
    .map((byAlgorithm) => byAlgorithm.get(algorithm))
    .filter((key) => key !== undefined)
  return fitting.length === 1 ? fitting[0] : undefined
}

/** The members of a JWK set (RFC 7517 §5). @throws Error where it is none, so that the last good one is kept */
function publishedKeys(document: unknown): readonly object[] {
  const keys: unknown =
    typeof document === 'object' && document !== null ? Reflect.get(document, 'keys') : undefined
  if (!Array.isArray(keys)) throw new Error('answered no JWK set')
  const objects = keys.filter((key: unknown) => typeof key === 'object' && key !== null)
  return objects.slice(0, KEYS_MAX)
}

/** Keys that fit one of the configured algorithms; others are passed over (RFC 7517 §5). */
async function importKeys(published: readonly object[], algorithms: readonly string[]): Promise<KeySet> {
  const keys = new Map<string | symbol, Map<string, VerificationKey>>()
  for (const item of published) {
    const jwk = new Map<string, unknown>(Object.entries(item))
    const named = jwk.get('kid')
    if (named !== undefined && typeof named !== 'string') continue
    const keyId = named ?? Symbol('unnamed')
    for (const algorithm of algorithms) {
      const key = await keyForAlgorithm(jwk, algorithm)
      const byAlgorithm = keys.get(keyId) ?? new Map<string, VerificationKey>()
      if (key !== undefined) keys.set(keyId, byAlgorithm.set(algorithm, key))
    }
  }
  return keys
}
