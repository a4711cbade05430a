import type { LifecycleEvent } from '@rollcall/protocol/lifecycle'
import type { Store, UserKey } from '../store/store.ts'
import { lifecycleEvent } from './lifecycle-event.ts'

/** What is kept for webhooks about a user. */
export type Concerning = {
  /** Kept until every webhook has it. */
  readonly waiting: readonly LifecycleEvent[]
  readonly deadLetters: readonly {
    readonly webhookId: string
    readonly event: LifecycleEvent
    readonly failure: string
    readonly failedAt: string
  }[]
}

/** Entries read before everybody else gets a turn. */
const READ_MAX = 500

/** @param rest resolves when it may go on */
export async function concerning(
  { feed, deadLetters: letterStore }: Pick<Store, 'feed' | 'deadLetters'>,
  webhookIds: readonly string[],
  { organizationId, userId }: UserKey,
  rest: () => Promise<void>,
): Promise<Concerning> {
  const waiting: LifecycleEvent[] = []
  for (let after = 0; ; await rest()) {
    const entries = await feed.read(organizationId, after, READ_MAX)
    waiting.push(...entries.filter((entry) => entry.userId === userId).map(lifecycleEvent))
    after = entries.at(-1)?.sequence ?? after
    if (entries.length < READ_MAX) break
  }
  const deadLetters: Concerning['deadLetters'][number][] = []
  for (const webhookId of webhookIds)
    for (let after = 0; ; await rest()) {
      const letters = await letterStore.list({ organizationId, webhookId }, after, READ_MAX)
      for (const { entry, failure, buriedAtWallMs } of letters)
        if (entry.userId === userId) {
          const failedAt = new Date(buriedAtWallMs).toISOString()
          deadLetters.push({ webhookId, event: lifecycleEvent(entry), failure, failedAt })
        }
      after = letters.at(-1)?.entry.sequence ?? after
      if (letters.length < READ_MAX) break
    }
  return { waiting, deadLetters }
}
