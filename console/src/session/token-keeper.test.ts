import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TokenError } from '@rollcall/client'
import { keepTokens } from './token-keeper.ts'

const ASKED = { refused: false, signal: new AbortController().signal }

/** A keeper whose server gives the tokens `t1`, `t2`, … and takes what `answer` says. */
function open(answer: (form: URLSearchParams) => Response | undefined = () => undefined) {
  const clock = { nowMs: 0 }
  const asked: URLSearchParams[] = []
  const renewed: string[] = []
  const keeper = keepTokens(
    {
      accessToken: 't0',
      refreshToken: 'r0',
      expiresInSeconds: 100,
      userId: 'alice',
      organizationId: 'acme',
    },
    {
      url: 'http://rollcall.example',
      clientId: 'customer',
      clientSecret: '',
      grant: { type: 'password', username: 'alice', password: 'secret' },
      nowMs: () => clock.nowMs,
      onRenewed: ({ accessToken }) => renewed.push(accessToken),
      async fetch(_input, init) {
        assert.ok(init?.body instanceof URLSearchParams)
        assert.deepEqual(Object.keys(init.headers ?? {}), [], 'a refusal of Basic makes browsers ask')
        asked.push(init.body)
        const access_token = `t${asked.length}`
        const token = { access_token, refresh_token: 'r1', expires_in: 100, sub: 'alice' }
        return answer(init.body) ?? Response.json(token)
      },
    },
  )
  return { keeper, clock, asked, renewed }
}

describe('a sign-in', () => {
  it('is renewed shortly before its end, once for all who ask', async () => {
    const { keeper, clock, asked, renewed } = open()
    clock.nowMs = 89_999
    assert.equal(await keeper.getToken(ASKED), 't0')
    clock.nowMs = 90_000
    assert.deepEqual(await Promise.all([keeper.getToken(ASKED), keeper.getToken(ASKED)]), ['t1', 't1'])
    assert.equal(await keeper.getToken(ASKED), 't1')
    assert.deepEqual(
      asked.map((form) => form.get('refresh_token')),
      ['r0'],
    )
    assert.deepEqual(renewed, ['t1'])
  })

  it('is renewed when its token was refused, with the credentials where the refresh token is spent', async () => {
    const { keeper, asked } = open((form) =>
      form.get('grant_type') === 'refresh_token'
        ? Response.json({ error: 'invalid_grant' }, { status: 400 })
        : undefined,
    )
    assert.equal(await keeper.getToken({ ...ASKED, refused: true }), 't2')
    assert.deepEqual(
      asked.map((form) => form.get('grant_type')),
      ['refresh_token', 'password'],
    )
  })

  it('is tried again after the server was away, and over where it refuses', async () => {
    let status = 503
    const { keeper } = open(() => (status === 200 ? undefined : Response.json({}, { status })))
    const refused = { ...ASKED, refused: true }
    await assert.rejects(async () => keeper.getToken(refused), { status: 503 })
    status = 200
    assert.equal(await keeper.getToken(refused), 't2')
    status = 400
    await assert.rejects(
      async () => keeper.getToken(refused),
      (error) => error instanceof TokenError,
    )
  })

  it('is given back at its end, with what came too late, and gives nothing any more', async () => {
    const { keeper, asked, renewed } = open()
    const late = keeper.getToken({ ...ASKED, refused: true })
    await keeper.end()
    await keeper.end()
    await assert.rejects(async () => late, { name: 'SignInEnded' })
    await assert.rejects(async () => keeper.getToken(ASKED), { name: 'SignInEnded' })
    assert.deepEqual(
      asked.map((form) => form.get('token')).filter((token) => token !== null),
      ['r0', 'r1'],
    )
    assert.deepEqual(renewed, [])
  })

  it('ends also where the server cannot be told', async () => {
    const { keeper } = open(() => {
      throw new TypeError('Failed to fetch')
    })
    await keeper.end()
    await assert.rejects(async () => keeper.getToken(ASKED), { name: 'SignInEnded' })
  })
})
