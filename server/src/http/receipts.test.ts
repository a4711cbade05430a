import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { describe, it } from 'node:test'
import { post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'

const PATH = '/rtc-api/users/endpoints/sendEvent'
const COMMAND = {
  userId: 'bob',
  qos: 1,
  event: { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' },
}

describe('Prefer: wait', () => {
  it('is handed on, and answered with the count and what is known', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    delivery.count = 3
    delivery.receipts = { acknowledged: 1, connected: 2 }
    const answer = await post(url, PATH, COMMAND, { prefer: 'respond-async, wait=7', 'idempotency-key': 'k' })
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '3')
    assert.deepEqual(delivery.waits, [7])
    assert.equal(delivery.sent[0]?.key, 'k')
    const { acknowledged, connected, 'preference-applied': applied, 'event-id': id } = answer.headers
    assert.deepEqual(
      { acknowledged, connected, applied },
      { acknowledged: '1', connected: '2', applied: 'wait=7' },
    )
    assert.ok(id)
  })

  it('does not claim to have been heard where nothing is known, or nobody asked', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    for (const headers of [{ prefer: 'wait=7' }, { prefer: 'respond-async' }, {}]) {
      const answer = await post(url, PATH, COMMAND, headers)
      assert.equal(answer.status, 200)
      for (const name of ['preference-applied', 'acknowledged', 'connected'])
        assert.equal(answer.headers[name], undefined, name)
    }
    assert.deepEqual(delivery.waits, [7])
  })

  it('is refused, naming the header, where it says no number of seconds, and nothing is sent', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    for (const prefer of ['wait=31', 'wait=soon', 'wait']) {
      const answer = await post(url, PATH, COMMAND, { prefer })
      assert.equal(answer.status, 400, prefer)
      assert.match(JSON.parse(answer.text)['Prefer'], /1 to 30/)
    }
    assert.deepEqual(delivery.sent, [])
  })

  it('ends when the caller goes away, and the server lives on', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    const waiting = deferred()
    const left = deferred()
    delivery.answerAt = async (gone) => {
      waiting.resolve()
      if (!gone.aborted) await once(gone, 'abort')
      left.resolve()
    }
    const outgoing = request(url + PATH, {
      method: 'POST',
      agent: false,
      headers: { authorization: 'Bearer alice', 'content-type': 'application/json', prefer: 'wait=30' },
    })
    outgoing.on('error', () => undefined)
    outgoing.end(JSON.stringify(COMMAND))
    await waiting.promise
    outgoing.destroy()
    await left.promise
    delivery.answerAt = undefined
    assert.equal((await post(url, PATH, COMMAND)).status, 200)
  })
})

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((onResolve) => {
    resolve = onResolve
  })
  return { promise, resolve }
}
