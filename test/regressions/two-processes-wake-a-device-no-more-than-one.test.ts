import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { send } from '../helpers/two-processes.ts'
import { openWakers, REST_MS } from '../helpers/two-wakers.ts'

const DEVICES = 8

/** When a device was woken, in order, milliseconds after the first. */
function timesOf(posts: readonly { readonly token: string; readonly atMs: number }[], token: string) {
  const times = posts.filter((one) => one.token === token).map(({ atMs }) => atMs)
  return times.map((atMs) => Math.round((atMs - (times[0] ?? 0)) / 1_000))
}

async function openMany(t: Parameters<typeof openWakers>[0]) {
  const wakers = await openWakers(t)
  const { here, there, register } = wakers
  const registrations = await Promise.all(
    Array.from({ length: DEVICES }, (_, device) => register(`device-${device}`)),
  )
  const isTheirs = ({ registrationId }: (typeof registrations)[number]) =>
    here.cluster.nodes.keeperOf(`wake ${registrationId}`) === there.cluster.nodes.self
  const theirs = registrations.filter(isTheirs)
  assert.ok(theirs.length > 0 && theirs.length < DEVICES, 'both have some')
  return { ...wakers, registrations, theirs }
}

// While one process stood still another woke its devices, and both went on with what came since: a phone was woken twice within
// moments, long after everything was well again.
describe('a device that two processes have woken, as one of them stood still', () => {
  it('is woken for what came since by the one that looks after it', async (t) => {
    const { clock, there, wakers, posts, theirs, event } = await openMany(t)
    there.node.clock.freeze()
    await clock.advance(3_000)
    for (const one of theirs) for (const at of [1, 2]) wakers.here.wake(one, event(`e-${at}`), at)
    await clock.advance(1_000)
    there.node.clock.goOn()
    await clock.advance(3_000)
    for (const one of theirs) for (const at of [3, 4]) wakers.there.wake(one, event(`e-${at}`), at)
    await clock.advance(5 * REST_MS)
    for (const { userEndpointId } of theirs)
      assert.deepEqual(timesOf(posts, userEndpointId), [0, 4, 14], userEndpointId)
  })
})

// A lost link had its own process wake the device, which did not know that another just had.
describe('a device whose link has ended at another process than looks after it', () => {
  it('is woken at most once in a time', async (t) => {
    const { clock, here, wakers, posts, registrations, event } = await openMany(t)
    for (const one of registrations) {
      await send(here, `e-${one.userEndpointId}`, { userEndpointId: one.userEndpointId })
      wakers.here.wake(one, event('e-1'), 1)
      wakers.here.left(one)
    }
    await clock.advance(5 * REST_MS)
    for (const { userEndpointId } of registrations)
      assert.deepEqual(timesOf(posts, userEndpointId), [0, REST_MS / 1_000], userEndpointId)
  })

  it('is woken though that one does not hear of it', async (t) => {
    const { clock, network, here, wakers, posts, registrations } = await openMany(t)
    for (const { userEndpointId } of registrations)
      await send(here, `e-${userEndpointId}`, { userEndpointId })
    network.weather = { loss: 100, doubling: 0, delayMsMax: 0 }
    for (const one of registrations) wakers.here.left(one)
    await clock.advance(5_000)
    assert.deepEqual(
      posts.map(({ by, token }) => `${by} ${token}`).toSorted(),
      registrations.map(({ userEndpointId }) => `here ${userEndpointId}`).toSorted(),
    )
  })
})
