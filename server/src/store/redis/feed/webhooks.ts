import type { WebhookKey, WebhookLease, WebhookPosition, WebhookStore } from '../../store.ts'
import { isYes, list, number, optional, texts } from '../connection/answers.ts'
import type { LaneName } from '../connection/functions.ts'
import type { Answer } from '../connection/wire.ts'
import { atName, type Engine } from '../engine.ts'

type Argument = string | number

export function redisWebhooks(engine: Engine): WebhookStore {
  const at = (lane: LaneName, name: string, webhook: WebhookKey, ...args: readonly Argument[]) =>
    atName(engine, lane, name, webhook.organizationId, [webhook.organizationId, webhook.webhookId, ...args])
  const leased = (lane: LaneName, name: string, { webhook, epoch }: WebhookLease, ...args: Argument[]) =>
    at(lane, name, webhook, epoch, ...args)
  return {
    async list() {
      return (await engine.functions.callAll('quick', 'hook_list')).flatMap(texts).sort().map(toWebhookKey)
    },
    async position(webhook) {
      return optional(await at('quick', 'hook_position', webhook), toWebhookPosition)
    },
    async lease(webhook, forMs, held) {
      const epoch = optional(
        await at('durable', 'hook_lease', webhook, forMs, held?.epoch ?? '', engine.self()),
        number,
      )
      return epoch === undefined ? undefined : { webhook, epoch }
    },
    async release(lease) {
      await leased('quick', 'hook_release', lease)
    },
    async begin(lease, lastSequence) {
      const sinceWallMs = engine.serviceTime.wall.latestMs()
      const isBegun = isYes(await leased('durable', 'hook_begin', lease, lastSequence, sinceWallMs))
      return isBegun ? { lastSequence, sinceWallMs } : undefined
    },
    async advance(lease, sequence) {
      return isYes(await leased('quick', 'hook_advance', lease, sequence))
    },
    async bury(lease, letters, sequence) {
      const rows = letters.flatMap(({ entry, failure }) => [entry.sequence, failure, JSON.stringify(entry)])
      const max = engine.feedBounds.deadLettersMax
      return isYes(await leased('durable', 'hook_bury', lease, sequence, max, ...rows))
    },
    async forget(webhook) {
      await at('quick', 'hook_forget', webhook, engine.self())
    },
  }
}

/** Ids never contain a slash. */
export function toWebhookKey(name: string): WebhookKey {
  const slash = name.indexOf('/')
  return { organizationId: name.slice(0, slash), webhookId: name.slice(slash + 1) }
}

export function toWebhookPosition(answer: Answer): WebhookPosition {
  const [doneSequence, last, since] = list(answer)
  const lastSequence = optional(last, number)
  return {
    doneSequence: number(doneSequence),
    batch: lastSequence === undefined ? undefined : { lastSequence, sinceWallMs: number(since) },
  }
}
