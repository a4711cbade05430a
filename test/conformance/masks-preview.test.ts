import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { call } from '../helpers/call.ts'
import { readVectors } from '../helpers/vectors.ts'
import { openRooms, type Rooms } from './rooms.ts'

type MaskVector = {
  readonly masks: readonly string[]
  readonly event?: object
  readonly masked?: object
  readonly refused?: { readonly error: string; readonly fields: readonly string[] }
}

const CALLER = { organizationId: 'acme', userId: 'alice', token: 'T' }
const NEEDED = { id: 'e-1', type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
const { vectors } = readVectors<MaskVector>('masks')

/** What stands between `"event":` and what follows it in an answer. */
function eventIn(text: string, end: string): string {
  return text.slice(text.indexOf('"event":') + 8, text.lastIndexOf(end))
}

describe('a preview of masks over HTTP', () => {
  let rooms: Rooms
  before(async () => {
    rooms = await openRooms(CALLER)
  })
  after(() => rooms.close())

  const preview = (body: object) => call(rooms.url, CALLER.token, 'POST masks/preview', body)

  for (const { name, why, masks, event = {}, masked, refused } of vectors)
    it(name, async () => {
      const answer = await preview({ event, masks })
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      if (masked !== undefined) {
        assert.deepEqual([answer.status, answer.json], [200, { event: masked }], why)
        return
      }
      const { error, message, ...fields } = answer.json as Record<string, string>
      assert.equal(answer.status, 400)
      assert.ok(message)
      assert.deepEqual({ error, fields: Object.keys(fields).sort() }, refused, why)
    })

  it('shows to the byte what the history then holds of an event that is sent', async () => {
    let compared = 0
    for (const { masks, event, masked } of vectors) {
      if (masked === undefined) continue
      const sent = { ...event, ...NEEDED, id: `e-${compared}`, n: 1.5e300, text: '\u2028é\\"' }
      const shown = await preview({ event: sent, masks })
      assert.equal(shown.status, 200)
      const command = { userId: 'bob', event: sent, masks }
      assert.equal(
        (await call(rooms.url, CALLER.token, 'POST users/endpoints/sendEvent', command)).status,
        200,
      )
      const kept = await call(rooms.url, CALLER.token, `GET events/${sent.id}`)
      assert.equal(eventIn(shown.text, '}'), eventIn(kept.text, ',"endpoints"'))
      compared++
    }
    assert.ok(compared > 10, 'the vectors were read')
  })

  it('sends and keeps nothing', async () => {
    const event = { ...NEEDED, id: 'never-sent' }
    assert.equal((await preview({ event, userId: 'bob', masks: [] })).status, 200)
    assert.equal((await call(rooms.url, CALLER.token, 'GET events/never-sent')).status, 404)
  })

  it('needs a token, a POST and JSON', async () => {
    assert.equal((await call(rooms.url, 'nobody', 'POST masks/preview', { event: {} })).status, 401)
    assert.equal((await call(rooms.url, CALLER.token, 'GET masks/preview')).status, 405)
    assert.equal((await call(rooms.url, CALLER.token, 'POST masks/preview')).status, 400)
  })
})

describe('masks that hide the length (MASK_LENGTH=fixed)', () => {
  let rooms: Rooms
  before(async () => {
    rooms = await openRooms(CALLER, 'fixed')
  })
  after(() => rooms.close())

  const secrets = { pin: '1', number: '4111 1111 1111 1111', none: '', size: 7, flag: true, nothing: null }
  const hidden = {
    pin: '********',
    number: '********',
    none: '********',
    size: '*',
    flag: '*',
    nothing: null,
  }

  it('holds in the preview, for what a mask selects and nothing else', async () => {
    const event = { ...NEEDED, clear: 'as it was', secrets }
    const body = { event, masks: ['$.secrets'] }
    const answer = await call(rooms.url, CALLER.token, 'POST masks/preview', body)
    assert.deepEqual(answer.json, { event: { ...event, secrets: hidden } })
  })

  it('holds in the history, also where everything is masked because the event is too deep', async () => {
    const deep = (inside: unknown) =>
      JSON.parse(`${'['.repeat(60)}${JSON.stringify(inside)}${']'.repeat(60)}`)
    for (const [id, sent, kept] of [
      ['e-fixed', { secrets }, { secrets: hidden }],
      ['e-deep', { deep: deep('a secret') }, { deep: deep('********') }],
    ] as const) {
      const event = { ...NEEDED, id, ...sent }
      const command = { userId: 'bob', event, masks: ['$.secrets'], qos: 1 }
      const answer = await call(rooms.url, CALLER.token, 'POST users/endpoints/sendEvent', command)
      assert.equal(answer.status, 200)
      const record = (await call(rooms.url, CALLER.token, `GET events/${id}`)).json as { event: object }
      assert.deepEqual(record.event, { ...event, ...kept })
    }
  })
})
