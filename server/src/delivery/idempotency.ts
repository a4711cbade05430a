import { RollcallError } from '@rollcall/protocol/error-code'
import { IDEMPOTENCY_TTL_MS } from '@rollcall/protocol/limits'
import type { Clock } from '../clock/clock.ts'
import type { Claim, Reply, ReplyStore, UserKey } from '../store/store.ts'

/** How long to leave whoever is at it elsewhere before it is asked for again, milliseconds. */
const BUSY_MS = 50

/** Does what a key stands for. What it leaves with the store bears the claim. */
type Work = (claim: Claim) => Promise<Reply>

/**
 * Gives requests with the same `Idempotency-Key` of the same caller the same reply for ten minutes, whichever process they
 * come to (`ReplyStore`). Replies of QoS 1 are as durable as their event. Refusals are not remembered: a retry tries again.
 */
export class Idempotency {
  readonly #clock: Pick<Clock, 'after'>
  readonly #newToken: () => string
  readonly #replies: ReplyStore
  readonly #running = new Map<string, Promise<Reply>>()

  constructor(clock: Pick<Clock, 'after'>, newToken: () => string, replies: ReplyStore) {
    this.#clock = clock
    this.#newToken = newToken
    this.#replies = replies
  }

  /**
   * The remembered reply, or that of `work`. While one request runs, others with its key wait for its end:
   * they share its reply, and if it was refused the next of them tries.
   */
  async run(owner: UserKey, key: string, recipient: UserKey, work: Work): Promise<Reply> {
    // Ids contain no slash and the key comes last: no two pairs share a name.
    const name = `${owner.organizationId}/${owner.userId}/${key}`
    for (let running = this.#running.get(name); running !== undefined; running = this.#running.get(name)) {
      const reply = await running.catch(() => undefined)
      if (reply !== undefined) return reply
    }
    const attempt = this.#attempt(owner, key, recipient, work)
    this.#running.set(name, attempt)
    try {
      return await attempt
    } finally {
      this.#running.delete(name)
    }
  }

  async #attempt(owner: UserKey, key: string, recipient: UserKey, work: Work): Promise<Reply> {
    const claim = { owner, key, rememberMs: IDEMPOTENCY_TTL_MS, token: this.#newToken() }
    for (;;) {
      const found = await this.#replies.claim(claim, recipient)
      if (found.kind === 'known') return found.reply
      if (found.kind === 'claimed') return await this.#carryOut(claim, work)
      if (found.kind === 'busy') await this.#pause()
      else {
        const reply = await this.#resolve(found.claim, found.recipient)
        if (reply !== undefined) return reply
      }
    }
  }

  async #carryOut(claim: Claim, work: Work): Promise<Reply> {
    let reply: Reply
    try {
      reply = await work(claim)
    } catch (error) {
      // What may come about all the same is asked for once the lease is over.
      if (!(error instanceof RollcallError && error.isUndecided)) this.#end(this.#replies.release(claim))
      throw error
    }
    this.#end(this.#replies.answer(claim, reply))
    return reply
  }

  /** What became of a request whose process has died; `undefined`: nothing, and nothing will. */
  async #resolve(claim: Claim, recipient: UserKey): Promise<Reply | undefined> {
    const reply = await this.#replies.resolve(recipient, claim.token)
    if (reply === undefined) await this.#replies.release(claim)
    else await this.#replies.answer(claim, reply)
    return reply
  }

  /** Nobody waits for it. Where it fails, the claim lapses, and whoever comes next asks the recipient's side. */
  #end(ended: Promise<void>): void {
    ended.catch(() => undefined)
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(BUSY_MS, resolve))
  }
}
