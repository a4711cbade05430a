import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { createFakeRollcall, fine, refusal } from '../../../test/helpers/fake-rollcall.ts'
import { TokenError } from '../request-token.ts'
import { AnsweredElsewhereError } from './answer.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './options.ts'

const done = (): Response => new Response(null, { status: 204 })
const down = (): Promise<never> => Promise.reject(new TypeError('fetch failed'))

async function open(test: TestContext, overrides: Partial<ConnectOptions> = {}) {
  const server = createFakeRollcall()
  const clock = createFakeClock()
  const tokens: boolean[] = []
  const registration = connect({
    url: 'http://127.0.0.1:1',
    getToken: ({ refused }) => `T${tokens.push(refused)}`,
    onEvent: () => undefined,
    WebSocket: server.WebSocket,
    fetch: server.fetch,
    userEndpointId: 'me',
    clock,
    random: { fraction: () => 1, uuid: () => 'u' },
    ...overrides,
  })
  test.after(() => void registration.close())
  await clock.advance(0)
  /** What is answered to answers, in order; the last again and again. */
  const answerWith = (...given: readonly (() => Response | Promise<Response>)[]): void => {
    const rest = [...given]
    server.answerWith(
      (path) => (path === 'answer' ? (rest.length > 1 ? rest.shift() : rest[0])?.() : fine(path)) ?? done(),
    )
  }
  answerWith(done)
  const answers = () => server.requests.filter(({ path }) => path === 'answer')
  return { registration, server, clock, tokens, answers, answerWith }
}

describe('an answer', () => {
  it('names the event and this endpoint, and says what there is to say', async (t) => {
    const { registration, answers } = await open(t)
    await registration.answer({ id: 'e-1' })
    await registration.answer('e-2', { with: 'video' })
    assert.deepEqual(
      answers().map(({ body }) => body),
      [{ userEndpointId: 'me' }, { userEndpointId: 'me', answer: { with: 'video' } }],
    )
  })

  it('tells an app by an error of its own that another endpoint was first, and which', async (t) => {
    const { registration, answerWith, answers } = await open(t)
    answerWith(() =>
      Response.json(
        { error: 'answered_elsewhere', message: 'Another was first.', answeredBy: 'the tablet' },
        { status: 409 },
      ),
    )
    await assert.rejects(registration.answer('e'), (error) => {
      assert.ok(error instanceof AnsweredElsewhereError)
      assert.deepEqual([error.code, error.answeredBy], ['answered_elsewhere', 'the tablet'])
      return true
    })
    assert.equal(answers().length, 1)
  })

  for (const [code, status] of [
    ['not_found', 404],
    ['invalid_request', 400],
  ] as const)
    it(`is not sent again where it is ${code}`, async (t) => {
      const { registration, answerWith, answers } = await open(t)
      answerWith(() => refusal(status, code))
      await assert.rejects(registration.answer('e'), { code })
      assert.equal(answers().length, 1)
    })

  it('is sent again until it is known what came of it', async (t) => {
    const { registration, clock, answerWith, answers } = await open(t)
    answerWith(
      down,
      () => refusal(503, 'unavailable'),
      () => refusal(503, 'unavailable', { 'retry-after': '3' }),
      () => new Promise(() => undefined),
      done,
    )
    let isKnown = false
    const answering = registration.answer('e').then(() => {
      isKnown = true
    })
    await clock.advance(250)
    assert.equal(answers().length, 2)
    await clock.advance(500)
    assert.equal(answers().length, 3)
    await clock.advance(2_999)
    assert.equal(answers().length, 3, 'the server asks for three seconds')
    await clock.advance(1)
    assert.equal(answers().length, 4)
    await clock.advance(5_000)
    assert.equal(isKnown, false, 'a try without an answer leaves time for another')
    await clock.advance(2_000)
    await answering
    assert.equal(answers().length, 5)
  })

  it('is given up after the time for an answer in all, and may then be given again', async (t) => {
    const { registration, clock, answerWith } = await open(t)
    answerWith(down)
    const answering = assert.rejects(registration.answer('e'), { code: 'timeout' })
    await clock.advance(15_000)
    await answering
    answerWith(done)
    await registration.answer('e')
  })

  it('gets one fresh token where one is refused, and no more', async (t) => {
    const { registration, clock, tokens, answerWith, answers } = await open(t)
    tokens.length = 0
    answerWith(() => refusal(401, 'unauthorized'), done)
    const answering = registration.answer('e')
    await clock.advance(250)
    await answering
    assert.deepEqual(tokens, [false, true])
    answerWith(() => refusal(401, 'unauthorized'))
    const refused = assert.rejects(registration.answer('e'), { code: 'unauthorized' })
    await clock.advance(250)
    await refused
    assert.equal(answers().length, 4)
  })

  it('waits for no token that will never come', async (t) => {
    let isWrong = false
    const { registration } = await open(t, {
      getToken: () => {
        if (isWrong) throw new TokenError('invalid_grant', 400, 'Wrong.')
        return 'T'
      },
    })
    isWrong = true
    await assert.rejects(registration.answer('e'), { code: 'token_failed' })
  })

  it('ends with its signal and with the registration', async (t) => {
    const { registration, clock, answerWith } = await open(t)
    answerWith(down)
    const life = new AbortController()
    const aborted = assert.rejects(registration.answer('e', undefined, { signal: life.signal }), {
      code: 'aborted',
    })
    life.abort()
    await aborted
    const closed = assert.rejects(registration.answer('e'), { code: 'closed' })
    await clock.advance(0)
    void registration.close()
    await closed
    await assert.rejects(registration.answer('e'), { code: 'closed' })
  })

  it('needs an endpoint that has an id, and no connection', async (t) => {
    const { registration, server, answers } = await open(t)
    server.last().emit('close')
    await registration.answer('e')
    assert.equal(answers().length, 1)
    const early = await open(t, { getToken: () => new Promise(() => undefined) })
    await assert.rejects(early.registration.answer('e'), { code: 'not_online' })
  })
})
