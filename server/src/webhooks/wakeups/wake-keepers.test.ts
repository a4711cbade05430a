import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordingLink } from '../../../../test/helpers/delivery-scene.ts'
import { send } from '../../../../test/helpers/two-processes.ts'
import { openWakers, REST_MS } from '../../../../test/helpers/two-wakers.ts'

describe('a device for which events come to several processes', () => {
  it('is woken once in a time, by one of them', async (t) => {
    const { clock, wakers, posts, register, event } = await openWakers(t)
    for (let device = 0; device < 8; device++) {
      const registration = await register(`device-${device}`)
      for (let sequence = 1; sequence <= 6; sequence++) {
        const at = sequence % 2 === 0 ? wakers.here : wakers.there
        at.wake(registration, event(`e-${sequence}`), sequence)
        await clock.advance(200)
      }
    }
    await clock.advance(3 * REST_MS)
    for (let device = 0; device < 8; device++) {
      const own = posts.filter(({ token }) => token === `device-${device}`)
      assert.equal(own.length, 2, 'at the first, and for what came after it')
      assert.equal(new Set(own.map(({ by }) => by)).size, 1, 'by the same')
      assert.ok((own[1]?.atMs ?? 0) - (own[0]?.atMs ?? 0) >= REST_MS)
    }
    assert.deepEqual(new Set(posts.map(({ by }) => by)), new Set(['here', 'there']), 'each wakes some')
  })

  it('is told which event waits, and nothing else of it', async (t) => {
    const { clock, wakers, posts, register, event } = await openWakers(t)
    for (const at of ['here', 'there'] as const)
      for (let device = 0; device < 4; device++)
        wakers[at].wake(await register(`${at}-${device}`), event('e-1', Buffer.from('{"card":"4111"}')), 1)
    await clock.advance(1_000)
    assert.equal(posts.length, 8)
    for (const { body } of posts) {
      assert.match(body, /"eventId":"e-1"/)
      assert.doesNotMatch(body, /4111/)
    }
  })

  it('is woken though the word of it is lost, or the process that keeps it stands still', async (t) => {
    const { clock, network, there, wakers, posts, register, event } = await openWakers(t)
    network.weather = { loss: 100, doubling: 0, delayMsMax: 0 }
    for (let device = 0; device < 4; device++)
      wakers.here.wake(await register(`lost-${device}`), event('e-1'), 1)
    await clock.advance(2_500)
    assert.equal(posts.length, 4)
    network.weather = { loss: 0, doubling: 0, delayMsMax: 2 }
    there.node.clock.freeze()
    for (let device = 0; device < 4; device++)
      wakers.here.wake(await register(`still-${device}`), event('e-1'), 1)
    await clock.advance(2_500)
    assert.equal(posts.length, 8)
  })

  it('is woken by another where the process that would have is dead', async (t) => {
    const { clock, here, there, wakers, posts, register, event } = await openWakers(t)
    const registrations = await Promise.all(
      Array.from({ length: 8 }, (_, device) => register(`device-${device}`)),
    )
    for (const [at, registration] of registrations.entries()) {
      await send(here, `e-${at}`, { userEndpointId: registration.userEndpointId })
      wakers.here.wake(registration, event('first'), 1)
    }
    await clock.advance(500)
    const byThere = posts.filter(({ by }) => by === 'there').map(({ token }) => token)
    assert.ok(byThere.length > 0)
    for (const registration of registrations) wakers.here.wake(registration, event('second'), 2)
    await clock.advance(100)
    there.node.clock.freeze()
    posts.splice(0)
    await clock.advance(30_000)
    const again = posts.filter(({ token }) => byThere.includes(token))
    assert.deepEqual(
      again.map(({ by, token }) => `${by} ${token}`).toSorted(),
      byThere.map((token) => `here ${token}`).toSorted(),
    )
  })

  it('is not woken where it has a link at another process', async (t) => {
    const { clock, there, wakers, posts, register, event } = await openWakers(t)
    const registration = await register('phone')
    await there.delivery.attach(registration, recordingLink()).attached
    wakers.here.wake(registration, event('e-1'), 1)
    wakers.there.wake(registration, event('e-2'), 2)
    await clock.advance(2 * REST_MS)
    assert.deepEqual(posts, [])
  })
})
