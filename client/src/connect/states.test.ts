import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SdkError } from '../sdk-error.ts'
import { States, type Status } from './states.ts'

describe('states', () => {
  const noError = (): void => assert.fail()

  it('are told from the current one to closed, however slow the reader is', async () => {
    const states = new States(noError)
    const seen: Status[] = []
    const reading = (async () => {
      for await (const { status } of states.iterate()) seen.push(status)
    })()
    await Promise.resolve()
    states.set({ status: 'online', reason: 'subscribed' })
    states.set({ status: 'reconnecting', reason: 'link_failed' })
    states.set({ status: 'closed', reason: 'closed_by_app' })
    states.set({ status: 'online', reason: 'subscribed' })
    await reading
    assert.deepEqual(seen, ['connecting', 'online', 'reconnecting', 'closed'])
    assert.equal(states.current.status, 'closed')
  })

  it('end with the signal', async () => {
    const controller = new AbortController()
    const seen: Status[] = []
    setImmediate(() => controller.abort())
    for await (const { status } of new States(noError).iterate(controller.signal)) seen.push(status)
    assert.deepEqual(seen, ['connecting'])
  })

  it('keep the newest hundred', async () => {
    const states = new States(noError)
    const iterator = states.iterate()
    await iterator.next()
    const waiting = iterator.next()
    states.set({ status: 'online', reason: 'subscribed' })
    await waiting
    for (let retryInMs = 1; retryInMs <= 150; retryInMs++)
      states.set({ status: 'reconnecting', reason: 'unreachable', retryInMs })
    const next = await iterator.next()
    assert.equal(next.value?.retryInMs, 51)
    await iterator.return()
  })

  it('survive a listener that throws', () => {
    const errors: SdkError[] = []
    const seen: Status[] = []
    const states = new States((error) => void errors.push(error))
    states.listen(() => {
      throw new Error('oh')
    })
    const stop = states.listen(({ status }) => void seen.push(status))
    states.set({ status: 'online', reason: 'subscribed' })
    stop()
    states.set({ status: 'closed', reason: 'aborted' })
    assert.deepEqual(
      [seen, errors.map(({ code }) => code)],
      [['online'], ['listener_failed', 'listener_failed']],
    )
  })
})
