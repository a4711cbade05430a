import { RollcallError } from '@rollcall/protocol/error-code'
import { TOKEN_BYTES_MAX } from '@rollcall/protocol/limits'
import type { Clock } from '../../clock/clock.ts'
import type { SharedFigures } from '../../observe/observe.ts'
import type { Directory } from '../directory/directory.ts'
import { FairQueue } from '../fair-queue.ts'
import { type BoundedCache, createBoundedCache } from './bounded-cache.ts'
import { parseToken, type TokenForm, TokenRefused } from './token-form.ts'
import type { TokenFacts, TrustedIssuer } from './trusted-issuer.ts'

const CACHE_BOUNDS = { entriesMax: 50_000, keyCharactersMax: 67_108_864 }
/** Links ask for theirs every 16 s, and keepalives come every few minutes; who comes later has a signature checked again. */
const IDLE_MS_MAX = 600_000

/**
 * Signatures that are checked at a time, which run on the process's worker threads, and the disk needs those as well; and tokens
 * that wait for it. Each of those belongs to a request or a CONNECT. A crowd that comes back at once is let in one after the other;
 * a flood of forgeries waits behind itself, and has half of the queue at most.
 */
const CHECKS = { runningMax: 4, waitingMax: 4_000 }

/** A token whose signature was checked, and what was found about its holder the last time somebody asked. */
export type Verified = {
  /** The one string that is kept of it, however often it is shown. */
  readonly token: string
  readonly facts: TokenFacts
  judgedBy: Directory | undefined
  hasStanding: boolean
}

/** Checks signatures, once for each token. Times, revocation and the directory are not its business. */
export interface Verifier {
  /** A token that was verified before, as far as it is remembered. */
  known(token: string): Verified | undefined
  /**
   * Checks a token; callers with the same one share the work.
   *
   * @param place who shows it, for taking turns with others: an address's network
   * @throws TokenRefused; RollcallError `unavailable` where too many wait, or as many from that place as are free
   */
  verify(token: string, place: string): Promise<Verified>
  /** What a token says, unchecked: only for one that is known to have been verified. @throws TokenRefused */
  peek(token: string): TokenFacts
  /** After a key was withdrawn: every signature is checked anew. */
  forgetAll(): void
  /** Of the signatures that are being checked, or wait for it. */
  figures(): SharedFigures
}

/**
 * @param issuerOf whose token it is, by the `iss` it claims
 * @param tokenBytesMax longer tokens are refused
 * @param clock by which what nobody shows any more is forgotten; default: only what is too much is
 */
export function createVerifier(
  issuerOf: (issuer: string) => TrustedIssuer | undefined,
  tokenBytesMax: number = TOKEN_BYTES_MAX,
  clock?: Pick<Clock, 'monotonicMs'>,
): Verifier {
  // The whole token is the key: a digest or a part of it could be made to collide. [SECURITY-CASES: fast-jwt]
  const cache: BoundedCache<Verified> = createBoundedCache({
    ...CACHE_BOUNDS,
    ...(clock && { idleMsMax: IDLE_MS_MAX, nowMs: () => clock.monotonicMs() }),
  })
  // At most one entry for each request that waits, and each of those holds its token anyway.
  const underway = new Map<string, Promise<Verified>>()
  const queue = new FairQueue(CHECKS)
  let generation = 0

  function issuerOfForm(form: TokenForm): TrustedIssuer {
    const claimed = form.claims.get('iss')
    const issuer = typeof claimed === 'string' ? issuerOf(claimed) : undefined
    if (issuer === undefined) throw new TokenRefused('issuer_unknown')
    return issuer
  }

  async function check(token: string, place: string): Promise<Verified> {
    const startedIn = generation
    const form = parseToken(token, tokenBytesMax)
    const issuer = issuerOfForm(form)
    const facts = issuer.read(form)
    const checking = queue.run(place, () => issuer.checkSignature(form))
    if (checking === undefined)
      throw new RollcallError('unavailable', 'Too many tokens wait to be checked.', { retryAfterSeconds: 1 })
    await checking
    const verified = { token, facts, judgedBy: undefined, hasStanding: false }
    // Not kept where a key was withdrawn meanwhile: it may be this one's.
    if (generation === startedIn) cache.set(token, verified)
    return verified
  }

  return {
    known: (token) => cache.get(token),
    verify(token, place) {
      const found = underway.get(token)
      if (found !== undefined) return found
      const checking = check(token, place).finally(() => underway.delete(token))
      underway.set(token, checking)
      return checking
    },
    peek(token) {
      const form = parseToken(token, tokenBytesMax)
      return issuerOfForm(form).read(form)
    },
    forgetAll() {
      generation++
      cache.clear()
    },
    figures: () => queue.figures,
  }
}
