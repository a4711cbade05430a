import { RollcallError } from '@rollcall/protocol/error-code'
import type { Principal } from '../auth/auth.ts'
import type { Store } from '../store/store.ts'
import type { BulkItem } from './command/bulk.ts'
import { Pace } from './pace.ts'
import { type SendEventContext, type SendResult, sendEvent } from './send-event.ts'

export type SendEventsContext = SendEventContext & { readonly store: Pick<Store, 'hold'> }

/**
 * Sends the events of a group, each for itself; the answers are in its order. The store is told that they belong
 * together, so that it takes them into one commit though others have their turns meanwhile.
 *
 * @param group is empty afterwards: what was parsed is many times its bytes, and nobody needs it while all wait for the
 * commit
 */
export async function sendEvents(
  context: SendEventsContext,
  principal: Principal,
  group: BulkItem[],
): Promise<PromiseSettledResult<SendResult>[]> {
  const pace = new Pace(context.clock)
  const release = context.store.hold()
  const answers = new Answers()
  try {
    for (const item of group) {
      answers.add(send(context, principal, item))
      if (pace.isOver) await pace.rest()
    }
  } finally {
    release()
    group.length = 0
  }
  return answers.all()
}

function send(context: SendEventsContext, principal: Principal, item: BulkItem): Promise<SendResult> {
  return item instanceof RollcallError ? Promise.reject(item) : sendEvent(context, principal, item)
}

/** What becomes of each, in order. `Promise.allSettled` would make three promises of one, and look at them too late. */
class Answers {
  readonly #settled: PromiseSettledResult<SendResult>[] = []
  #added = 0
  #open = 0
  #onLast: (() => void) | undefined

  /** Listens at once: a refusal in an earlier turn than the last would be nobody's. */
  add(promise: Promise<SendResult>): void {
    const place = this.#added++
    this.#open++
    promise.then(
      (value) => this.#settle(place, { status: 'fulfilled', value }),
      (reason: unknown) => this.#settle(place, { status: 'rejected', reason }),
    )
  }

  /** Resolves once all that were added are settled. */
  async all(): Promise<PromiseSettledResult<SendResult>[]> {
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#onLast = resolve
      })
    }
    return this.#settled
  }

  #settle(place: number, result: PromiseSettledResult<SendResult>): void {
    this.#settled[place] = result
    if (--this.#open === 0) this.#onLast?.()
  }
}
