import { RollcallError } from '@rollcall/protocol/error-code'
import { CLAIM_LEASE_MS, TOKENS_MAX, TOKENS_MS } from './bounds.ts'
import type { Claim, ClaimOutcome, Reply, UserKey } from './store.ts'

type Open = { readonly claim: Claim; readonly recipient: UserKey; readonly lapsesAtMs: number }

/** The open claims of idempotency keys; the same in every engine that keeps them in memory. Times are service time. */
export class Claims {
  readonly #open = new Map<string, Open>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** What comes of a claim whose key has no reply. */
  begin(claim: Claim, recipient: UserKey, nowMs: number): Exclude<ClaimOutcome, { readonly kind: 'known' }> {
    const name = nameOf(claim)
    const open = this.#open.get(name)
    if (open !== undefined && nowMs < open.lapsesAtMs) return { kind: 'busy' }
    if (open !== undefined) return { kind: 'lapsed', claim: open.claim, recipient: open.recipient }
    this.#prune(nowMs)
    if (this.#open.size >= this.#max)
      throw new RollcallError('unavailable', 'Too many idempotency keys are under way.')
    this.#open.set(name, { claim, recipient, lapsesAtMs: nowMs + CLAIM_LEASE_MS })
    return { kind: 'claimed' }
  }

  /** Tells whether it was open. */
  end(claim: Claim): boolean {
    const name = nameOf(claim)
    return this.#open.get(name)?.claim.token === claim.token && this.#open.delete(name)
  }

  /** Nobody has come back to these for longer than the key would have been remembered. */
  #prune(nowMs: number): void {
    for (const [name, { claim, lapsesAtMs }] of this.#open) {
      if (nowMs < lapsesAtMs + claim.rememberMs) return
      this.#open.delete(name)
    }
  }
}

/** What came of appends by their token, at the recipient's; bounded, and forgotten after a while. Service time. */
export class Tokens {
  readonly #outcomes = new Map<string, { readonly reply: Reply | undefined; readonly sinceMs: number }>()

  /**
   * The outcome of an append with this token that was done before; `undefined`: none was.
   *
   * @throws RollcallError `unavailable` where somebody has found that none was, and has gone on
   */
  done(token: string): Reply | undefined {
    const known = this.#outcomes.get(token)
    if (known !== undefined && known.reply === undefined)
      throw new RollcallError('unavailable', 'Another request with this key has taken over.', {
        retryAfterSeconds: 1,
      })
    return known?.reply
  }

  add(token: string, reply: Reply, nowMs: number): void {
    this.#set(token, reply, nowMs)
  }

  /** The outcome; where there is none, there is to be none from now on. */
  resolve(token: string, nowMs: number): Reply | undefined {
    const known = this.#outcomes.get(token)
    if (known === undefined) this.#set(token, undefined, nowMs)
    return known?.reply
  }

  /** The caller has it. Tells whether there was an outcome. */
  forget(token: string): boolean {
    return this.#outcomes.delete(token)
  }

  #set(token: string, reply: Reply | undefined, nowMs: number): void {
    this.#outcomes.set(token, { reply, sinceMs: nowMs })
    for (const [oldest, { sinceMs }] of this.#outcomes) {
      if (this.#outcomes.size <= TOKENS_MAX && nowMs < sinceMs + TOKENS_MS) return
      this.#outcomes.delete(oldest)
    }
  }
}

/** Ids contain no slash and the key comes last: no two claims share a name but those of one key. */
function nameOf({ owner, key }: Claim): string {
  return `${owner.organizationId}/${owner.userId}/${key}`
}
