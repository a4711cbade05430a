import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inTime } from './in-time.ts'

/** Never answers. */
const silent: typeof fetch = (_input, init) =>
  new Promise((_resolve, reject) => {
    // Unlike a request, nothing here keeps the process waiting for the signal's timer.
    const alive = setInterval(() => undefined, 1_000)
    init?.signal?.addEventListener('abort', () => {
      clearInterval(alive)
      reject(init.signal?.reason)
    })
  })

it('a server that never answers is given up, and said to be what it is', async () => {
  await assert.rejects(inTime(silent, 1)('http://127.0.0.1:1/'), { name: 'SdkError', code: 'timeout' })
})

it('whoever made the request may end it before, and an answer is handed on', async () => {
  const life = new AbortController()
  const asked = inTime(silent, 60_000)('http://127.0.0.1:1/', { signal: life.signal })
  life.abort()
  await assert.rejects(asked, { name: 'AbortError' })
  const answer = await inTime(async () => new Response('a'), 60_000)('http://127.0.0.1:1/')
  assert.equal(await answer.text(), 'a')
})
