import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

/** A bare HTTP request: no header is added that the script would not send. */
function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            headers: response.headers,
          }),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

describe('a script, as the published examples write it', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('puts its secret into the query of a POST without a body, registers, listens and sends', async () => {
    const query = 'grant_type=client_credentials&client_id=acme-backend&client_secret=acme-secret'
    const token = await send(`${server.url}/security/oauth/token?${query}`, 'POST', { accept: '*/*' })
    assert.equal(token.status, 200)
    const { access_token: bearer, sub, refresh_token: refresh } = JSON.parse(token.text)
    assert.equal(sub, 'acme-backend')
    assert.equal(refresh, undefined)

    const json = {
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json',
      accept: 'application/json',
    }
    const registered = await send(
      `${server.url}/rtc-api/users/endpoints`,
      'POST',
      json,
      '{"keepAliveSeconds": 5}',
    )
    assert.equal(registered.status, 200)
    const id: unknown = JSON.parse(registered.text)
    assert.ok(typeof id === 'string' && id.length > 0)

    const listed = await send(`${server.url}/rtc-api/users/endpoints`, 'GET', json)
    assert.deepEqual(
      JSON.parse(listed.text).map((endpoint: { id: string }) => endpoint.id),
      [id],
    )
    const one = await send(`${server.url}/rtc-api/users/endpoints/${id}`, 'GET', json)
    assert.equal(JSON.parse(one.text).keepAliveSeconds, 5)
    assert.equal(JSON.parse(one.text).connected, false)

    const link = await connectPhone(server.url, 'acme-backend', bearer)
    assert.deepEqual(await link.subscribe(`users/endpoints/${id}`), [1])
    const event =
      '{"type":"SDPOfferReceivedEvent","timestamp":"2011-12-03T10:15:30Z","n":1.0,"big":12345678901234567890}'
    const sent = await send(
      `${server.url}/rtc-api/users/endpoints/sendEvent`,
      'POST',
      json,
      `{"userId":"acme-backend","organizationId":"ignored","qos":1,"event":${event}}`,
    )
    assert.deepEqual([sent.status, sent.text], [200, '1'])
    await eventually(() => link.received.length === 1, 'the event arrives')
    const got = link.received[0]?.text ?? ''
    assert.equal(got, `{"id":"${sent.headers['event-id']}",${event.slice(1)}`)

    await eventually(
      () => !link.client.connected,
      'an endpoint without keepalives expires with its link',
      8000,
    )
    assert.deepEqual(JSON.parse((await send(`${server.url}/rtc-api/users/endpoints`, 'GET', json)).text), [])
    const none = await send(
      `${server.url}/rtc-api/users/endpoints/sendEvent`,
      'POST',
      json,
      `{"userId":"acme-backend","event":${event}}`,
    )
    assert.deepEqual([none.status, none.text], [200, '0'])
    await link.end()
  })

  it('reminds a hidden tab, which keeps itself alive over its link', async () => {
    const form =
      'grant_type=password&username=carol&password=carol-password&client_id=customer&client_secret='
    const token = await send(
      `${server.url}/security/oauth/token`,
      'POST',
      { 'content-type': 'application/x-www-form-urlencoded' },
      form,
    )
    const bearer = JSON.parse(token.text).access_token
    const json = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
    await send(
      `${server.url}/rtc-api/users/endpoints`,
      'POST',
      json,
      '{"userEndpointId":"tab","keepAliveSeconds":3,"serverKeepAliveReminderOn":true}',
    )
    const link = await connectPhone(server.url, 'carol', bearer, { protocolVersion: 5 })
    await link.subscribe('users/endpoints/tab')
    link.client.on('message', () => link.client.publish('users/endpoints/tab/keepalive', '', { qos: 1 }))
    await eventually(() => link.received.length === 3, 'three reminders, though one period is 3 s', 12_000)
    const { type, userEndpointId, keepAliveSeconds } = link.received[0]?.event ?? {}
    assert.deepEqual(
      [type, userEndpointId, keepAliveSeconds],
      ['UserEndpointKeepAliveRequestedEvent', 'tab', 3],
    )
    assert.ok(link.client.connected)
    await link.end()
  })
})
