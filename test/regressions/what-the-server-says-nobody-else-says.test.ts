import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseSendEvent } from '../../server/src/delivery/delivery.ts'

const ROOT = new URL('../../', import.meta.url)
const EVENT = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }

/** Every type that the protocol says the server sends, to devices or to webhooks. */
function serversTypes(): readonly string[] {
  const protocol = readFileSync(new URL('protocol/PROTOCOL.md', ROOT), 'utf8')
  const table = protocol.slice(protocol.indexOf('## Lifecycle events'), protocol.indexOf('## Other requests'))
  const named = [...protocol.matchAll(/UserEndpoint\w+Event/g), ...table.matchAll(/`([A-Z]\w+Event)`/g)]
  return [...new Set(named.map(([whole, name]) => name ?? whole))]
}

const parse = (command: object) =>
  parseSendEvent(Buffer.from(JSON.stringify({ userId: 'bob', qos: 1, event: EVENT, ...command })))

/** The type of a webhook's test came later than the list of those that are refused. */
test('no type that the server sends can be sent by anybody, as an event or as what cancels one', () => {
  const types = serversTypes()
  for (const type of ['UserEndpointWakeUpRequestedEvent', 'FeedGapEvent', 'WebhookTestEvent'])
    assert.ok(types.includes(type), type)
  for (const type of types) {
    const event = { ...EVENT, type }
    for (const command of [{ event }, { cancelOthers: { event } }])
      assert.throws(() => parse(command), { code: 'invalid_request' }, type)
  }
})
