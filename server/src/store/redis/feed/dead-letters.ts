import type { DeadLetter, DeadLetterStore, WebhookKey } from '../../store.ts'
import { list, number, text } from '../connection/answers.ts'
import type { LaneName } from '../connection/functions.ts'
import type { Answer } from '../connection/wire.ts'
import { atName, type Engine } from '../engine.ts'

export function redisDeadLetters(engine: Engine): DeadLetterStore {
  const at = (lane: LaneName, name: string, webhook: WebhookKey, ...args: readonly number[]) =>
    atName(engine, lane, name, webhook.organizationId, [webhook.organizationId, webhook.webhookId, ...args])
  return {
    async list(webhook, afterSequence, max) {
      return list(await at('quick', 'letters_list', webhook, afterSequence, max)).map(toLetter)
    },
    async sequences(webhook) {
      return list(await at('quick', 'letters_sequences', webhook)).map(number)
    },
    async remove(webhook, sequences) {
      await at('durable', 'letters_remove', webhook, ...sequences)
    },
  }
}

/** An entry is kept as it was handed in. */
export function toLetter(answer: Answer): DeadLetter {
  const [entry, failure, buriedAtWallMs] = list(answer)
  return { entry: JSON.parse(text(entry)), failure: text(failure), buriedAtWallMs: number(buriedAtWallMs) }
}
