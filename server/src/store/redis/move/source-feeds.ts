import type { Put } from '../../move/items.ts'
import { list, number, text } from '../connection/answers.ts'
import type { Functions } from '../connection/functions.ts'
import type { Answer } from '../connection/wire.ts'
import { toLetter } from '../feed/dead-letters.ts'
import { toFeedEntry } from '../feed/entries.ts'
import { toWebhookKey, toWebhookPosition } from '../feed/webhooks.ts'
import type { Reading } from './partition-reader.ts'

const LETTERS_MAX = 200

/** Hands over what webhooks are still to be told, how far each is, and which links were cut by the end of their process. */
export async function sendFeeds({ functions, readers }: Reading, put: Put): Promise<void> {
  for (const reader of readers)
    for (const organization of await reader.all('feeds'))
      for await (const row of reader.following('feed', text(organization)))
        put('feedEntry', { entry: toFeedEntry(row) })
  for (const { partition } of readers) await sendWebhooks(functions, partition, put)
  for (const { partition } of readers) await sendLetters(functions, partition, put)
  for (const reader of readers) for (const link of await reader.all('links')) sendLink(list(link), put)
}

async function webhooksOf(functions: Functions, partition: number) {
  return list(await functions.call('quick', 'hook_list', partition)).map((name) => toWebhookKey(text(name)))
}

async function sendWebhooks(functions: Functions, partition: number, put: Put): Promise<void> {
  for (const webhook of await webhooksOf(functions, partition)) {
    const { organizationId, webhookId } = webhook
    const { doneSequence, batch } = toWebhookPosition(
      await functions.call('quick', 'hook_position', partition, [organizationId, webhookId]),
    )
    const position = { organizationId, webhookId, doneSequence }
    put('webhook', batch === undefined ? position : { ...position, batch })
  }
}

async function sendLetters(functions: Functions, partition: number, put: Put): Promise<void> {
  for (const { organizationId, webhookId } of await webhooksOf(functions, partition))
    for (let after = 0; ; ) {
      const args = [organizationId, webhookId, after, LETTERS_MAX]
      const letters = list(await functions.call('quick', 'letters_list', partition, args)).map(toLetter)
      for (const letter of letters) put('deadLetter', { organizationId, webhookId, ...letter })
      const last = letters.at(-1)
      if (last === undefined) break
      after = last.entry.sequence
    }
}

function sendLink(row: readonly Answer[], put: Put): void {
  const [registrationId, connectedAt, organizationId, userId, userEndpointId, ...times] = row
  const [registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds] = times.map(number)
  put('link', {
    registrationId: number(registrationId),
    entry: {
      sequence: 0,
      type: 'UserEndpointConnectedEvent',
      reason: 'subscribed',
      ...{ organizationId: text(organizationId), userId: text(userId), userEndpointId: text(userEndpointId) },
      atWallMs: number(connectedAt),
      ...{ registeredAtWallMs: registeredAtWallMs ?? 0, lastKeepAliveAtWallMs: lastKeepAliveAtWallMs ?? 0 },
      keepAliveSeconds: keepAliveSeconds ?? 0,
    },
  })
}
