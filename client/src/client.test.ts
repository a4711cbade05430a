import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readVectors, type Text, textOf } from '../../test/helpers/vectors.ts'
import { createClient, RollcallError, requestToken, TokenError } from './client.ts'

/** A `fetch` that answers what it is given and keeps the last request. */
function fakeFetch(status: number, body: string | null, headers: Record<string, string> = {}) {
  const seen: Request[] = []
  const send: typeof fetch = async (input, init) => {
    seen.push(new Request(input, init))
    return new Response(body, { status, headers })
  }
  const last = (): Request => seen.at(-1) ?? assert.fail('nothing was requested')
  return { send, last }
}

function client(send: typeof fetch) {
  return createClient({ url: 'http://127.0.0.1:1', token: 'T', fetch: send })
}

const COMMAND = {
  userId: 'bob',
  event: { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' },
}

describe('the client', () => {
  it('sends an event with its key and reads count and id', async () => {
    const { send, last } = fakeFetch(200, '2', { 'event-id': 'e-1%20%25' })
    assert.deepEqual(await client(send).sendEvent(COMMAND, 'once'), { count: 2, eventId: 'e-1 %' })
    assert.equal(last().url, 'http://127.0.0.1:1/rtc-api/users/endpoints/sendEvent')
    assert.equal(last().method, 'POST')
    assert.equal(last().headers.get('authorization'), 'Bearer T')
    assert.equal(last().headers.get('content-type'), 'application/json')
    assert.equal(last().headers.get('idempotency-key'), 'once')
    assert.deepEqual(await last().json(), COMMAND)
  })

  it('takes 204 for done and an id as the answer to register', async () => {
    await client(fakeFetch(204, null).send).keepalive('a')
    await client(fakeFetch(204, null).send).unregister('a', 'bye')
    const registered = fakeFetch(200, '{"id":"made","more":1}')
    assert.equal(await client(registered.send).register({ keepAliveSeconds: 15 }), 'made')
  })

  it('asks for the token before every request', async () => {
    const { send, last } = fakeFetch(200, '[]')
    let count = 0
    const asking = createClient({ url: 'http://127.0.0.1:1', token: async () => `T${++count}`, fetch: send })
    await asking.endpoints()
    await asking.endpoints()
    assert.equal(last().headers.get('authorization'), 'Bearer T2')
  })

  it('escapes an id in a path', async () => {
    const { send, last } = fakeFetch(404, '{"error":"not_found","message":"There is nothing here."}')
    await assert.rejects(client(send).endpoint('a b?c'), { code: 'not_found' })
    assert.equal(new URL(last().url).pathname, '/rtc-api/users/endpoints/a%20b%3Fc')
  })

  it('refuses answers that break the contract', async () => {
    const broken = [fakeFetch(200, '"2"'), fakeFetch(200, ''), fakeFetch(200, 'null')]
    for (const { send } of broken)
      await assert.rejects(client(send).sendEvent(COMMAND), { code: 'internal_error' })
    await assert.rejects(client(fakeFetch(200, '[{"id":"a"}]').send).endpoints(), /keepAliveSeconds/)
    await assert.rejects(
      client(fakeFetch(200, '{"iceServers":[{"urls":"stun:a"}]}').send).iceServers(),
      /urls/,
    )
  })
})

type RefusalVector = {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Text
  readonly error: {
    readonly code: string
    readonly message: string | null
    readonly fields: Record<string, string>
    readonly retryAfterSeconds: number | null
  }
}

describe('refusals as in the vectors', () => {
  for (const { name, why, status, headers, body, error } of readVectors<RefusalVector>('refusals').vectors)
    it(name, async () => {
      const { send } = fakeFetch(status, textOf(body), headers)
      await assert.rejects(client(send).keepalive('a'), (thrown) => {
        assert.ok(thrown instanceof RollcallError, why)
        assert.deepEqual(
          {
            code: thrown.code,
            message: error.message === null ? null : thrown.message,
            fields: Object.fromEntries(thrown.fields),
            retryAfterSeconds: thrown.retryAfterSeconds ?? null,
          },
          error,
          why,
        )
        return true
      })
    })
})

describe('requestToken', () => {
  const ANSWER =
    '{"access_token":"A","token_type":"bearer","expires_in":60,"sub":"alice","organization":"acme"}'
  const url = 'http://127.0.0.1:1'
  const grant = { type: 'client_credentials' } as const

  it('sends credentials by Basic, form-encoded, where nothing else is asked for', async () => {
    const { send, last } = fakeFetch(200, ANSWER)
    const token = await requestToken({ url, clientId: 'a:b', clientSecret: 'p%+ä', grant, fetch: send })
    assert.equal(last().headers.get('authorization'), `Basic ${btoa('a%3Ab:p%25%2B%C3%A4')}`)
    assert.equal(await last().text(), 'grant_type=client_credentials')
    assert.equal(token.accessToken, 'A')
    assert.equal(token.userId, 'alice')
    assert.equal(token.organizationId, 'acme')
    assert.equal(token.refreshToken, undefined)
  })

  it('sends them in the body or the query when told to', async () => {
    const { send, last } = fakeFetch(200, ANSWER)
    await requestToken({ url, clientId: 'c', clientSecret: 's', grant, credentialsIn: 'body', fetch: send })
    assert.equal(await last().text(), 'grant_type=client_credentials&client_id=c&client_secret=s')
    await requestToken({ url, clientId: 'c', clientSecret: 's', grant, credentialsIn: 'query', fetch: send })
    assert.equal(new URL(last().url).search, '?client_id=c&client_secret=s')
    assert.equal(last().headers.get('authorization'), null)
  })

  it('gives a refusal as TokenError', async () => {
    const body = '{"error":"invalid_grant","error_description":"Wrong."}'
    const refused = requestToken({
      url,
      clientId: 'customer',
      grant: { type: 'password', username: 'alice', password: 'x' },
      fetch: fakeFetch(400, body).send,
    })
    await assert.rejects(refused, (error) => {
      assert.ok(error instanceof TokenError)
      assert.deepEqual([error.code, error.status, error.message], ['invalid_grant', 400, 'Wrong.'])
      return true
    })
    const odd = requestToken({ url, clientId: 'c', grant, fetch: fakeFetch(200, '{}').send })
    await assert.rejects(odd, { code: 'invalid_answer' })
  })
})
