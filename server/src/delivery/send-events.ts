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
  const answers: Promise<PromiseSettledResult<SendResult>>[] = []
  try {
    for (const item of group) {
      answers.push(settled(send(context, principal, item)))
      if (pace.isOver) await pace.rest()
    }
  } finally {
    release()
    group.length = 0
  }
  return Promise.all(answers)
}

function send(context: SendEventsContext, principal: Principal, item: BulkItem): Promise<SendResult> {
  return item instanceof RollcallError ? Promise.reject(item) : sendEvent(context, principal, item)
}

/** At once, or a refusal in an earlier turn than the last would be nobody's. */
function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  return promise.then(fulfilled, rejected)
}

function fulfilled<T>(value: T): PromiseFulfilledResult<T> {
  return { status: 'fulfilled', value }
}

function rejected(reason: unknown): PromiseRejectedResult {
  return { status: 'rejected', reason }
}
