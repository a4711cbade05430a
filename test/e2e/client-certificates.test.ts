import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import mqtt from 'mqtt'
import { secretOf } from '../helpers/demo.ts'
import { freePort, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { certificateFile } from '../helpers/tls.ts'

const read = (name: string): Buffer => readFileSync(certificateFile(name))
/** Signed by the authority that is configured, and by nobody. */
const KNOWN = { cert: read('client.cert'), key: read('client.key') }
const STRANGER = { cert: read('second.cert'), key: read('second.key') }

const TLS = {
  TLS_CERT_FILE: certificateFile('first.cert'),
  TLS_KEY_FILE: certificateFile('first.key'),
  TLS_CLIENT_CA_FILE: certificateFile('clients.ca'),
}

type Asked = { readonly token?: string; readonly form?: string; readonly tls?: ConnectionOptions }

/** One request on a connection of its own. */
async function ask(port: number, line: string, { token, form, tls = {} }: Asked) {
  const [method, path] = line.split(' ')
  const outgoing = request({
    ...{ host: '127.0.0.1', port, method, path, agent: false, rejectUnauthorized: false },
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...tls,
  })
  outgoing.end(form)
  const [incoming] = await once(outgoing, 'response')
  const text = Buffer.concat(await incoming.toArray()).toString()
  return { status: Number(incoming.statusCode), body: JSON.parse(text) }
}

const asBackend = (id: string): string =>
  `grant_type=client_credentials&client_id=${id}&client_secret=${secretOf(id)}`
const AS_BOB = 'grant_type=password&client_id=customer&username=bob&password=bob-password'

describe('client certificates', () => {
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let server: ServerProcess
  let ports: { readonly plain: number; readonly tls: number }
  let bob: string
  const tokens = new Map<string, string>()
  before(async () => {
    data = await makeDataDir()
    ports = { plain: await freePort(), tls: await freePort() }
    const more = { MQTT_PORT: String(ports.plain), MQTT_TLS_PORT: String(ports.tls) }
    server = await startProcess(data.path, { ...TLS, ...more })
    const signedIn = await ask(server.port, 'POST /security/oauth/token', { form: AS_BOB })
    bob = signedIn.body.access_token
    for (const id of ['acme-backend', 'platform-service']) {
      const issued = await ask(server.port, 'POST /security/oauth/token', { form: asBackend(id), tls: KNOWN })
      assert.equal(issued.status, 200)
      tokens.set(id, issued.body.access_token)
    }
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('are not asked of phones', async () => {
    const mine = await ask(server.port, 'GET /rtc-api/users/endpoints', { token: bob })
    assert.deepEqual([mine.status, mine.body], [200, []])
    for (const url of [`wss://127.0.0.1:${server.port}/ws`, `mqtts://127.0.0.1:${ports.tls}`]) {
      const options = { rejectUnauthorized: false, username: 'bob', password: bob, reconnectPeriod: 0 }
      await (await mqtt.connectAsync(url, options)).endAsync(true)
    }
  })

  it('are asked of backends for a token, and for whatever they do with it', async () => {
    for (const [id, token] of tokens) {
      for (const tls of [{}, STRANGER]) {
        const refused = await ask(server.port, 'POST /security/oauth/token', { form: asBackend(id), tls })
        assert.deepEqual([refused.status, refused.body.error], [401, 'invalid_client'])
        const used = await ask(server.port, 'GET /rtc-api/events?organizationId=acme', { token, tls })
        assert.deepEqual([used.status, used.body.error], [403, 'forbidden'])
      }
      const line = 'GET /rtc-api/events?organizationId=acme'
      assert.equal((await ask(server.port, line, { token, tls: KNOWN })).status, 200)
    }
  })

  it('are asked of backends over MQTT, at any port', async () => {
    for (const [id, token] of tokens) {
      const options = { rejectUnauthorized: false, username: id, password: token, reconnectPeriod: 0 }
      for (const url of [
        `wss://127.0.0.1:${server.port}/ws`,
        `mqtts://127.0.0.1:${ports.tls}`,
        `mqtt://127.0.0.1:${ports.plain}`,
      ])
        await assert.rejects(mqtt.connectAsync(url, options), /Not authorized/, url)
      for (const url of [`wss://127.0.0.1:${server.port}/ws`, `mqtts://127.0.0.1:${ports.tls}`])
        await (await mqtt.connectAsync(url, { ...options, ...KNOWN })).endAsync(true)
    }
  })

  it('are not replaced by a session that is resumed', async () => {
    // Node says `authorized` of a resumed session of TLS 1.3 whose peer never showed a certificate.
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const session = await sessionOf(server.port, { maxVersion })
      const form = asBackend('acme-backend')
      const tls = { maxVersion, session }
      const refused = await ask(server.port, 'POST /security/oauth/token', { form, tls })
      assert.deepEqual([refused.status, refused.body.error], [401, 'invalid_client'], maxVersion)
      const known = { maxVersion, ...KNOWN }
      const resumed = { ...known, session: await sessionOf(server.port, known) }
      assert.equal((await ask(server.port, 'POST /security/oauth/token', { form, tls: resumed })).status, 200)
    }
  })
})

/** The session of a connection on which one request was answered, checked to be one that can be resumed. */
async function sessionOf(port: number, options: ConnectionOptions): Promise<Buffer> {
  const open = async (more: ConnectionOptions) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options, ...more })
    let session: Buffer | undefined
    socket.on('session', (given: Buffer) => {
      session = given
    })
    await once(socket, 'secureConnect')
    const isReused = socket.isSessionReused()
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    socket.resume()
    await once(socket, 'close')
    return { session, isReused }
  }
  const { session } = await open({})
  assert.ok(session !== undefined)
  assert.ok((await open({ session })).isReused, 'the server resumes sessions')
  return session
}

describe('client certificates of everyone', () => {
  it('let nobody else past the handshake', async (test) => {
    const data = await makeDataDir()
    const server = await startProcess(data.path, { ...TLS, TLS_CLIENT_CERTIFICATES: 'everyone' })
    test.after(async () => {
      await server.kill()
      await data.remove()
    })
    for (const tls of [{}, STRANGER])
      await assert.rejects(ask(server.port, 'GET /health/live', { tls }), { code: /^ERR_SSL|ECONNRESET/ })
    assert.equal((await ask(server.port, 'GET /health/live', { tls: KNOWN })).status, 200)
    const signedIn = await ask(server.port, 'POST /security/oauth/token', { form: AS_BOB, tls: KNOWN })
    assert.equal(signedIn.status, 200)
  })
})
