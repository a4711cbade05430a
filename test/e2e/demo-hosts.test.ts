import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { makeDirectory } from '../helpers/directory.ts'
import { makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const TOKEN_PATH =
  '/security/oauth/token?grant_type=client_credentials&client_id=platform-service&client_secret=service-secret'

/** Asks by a name, as a browser does that took it for this machine. */
async function ask(port: number, host: string, line: string, headers: object = {}) {
  const [method = '', path = ''] = line.split(' ')
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers: { host, ...headers } })
  outgoing.end()
  const status = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, body: '' })
    })
    outgoing.on('response', async (response) => {
      let body = ''
      for await (const chunk of response) body += chunk
      resolve({ status: response.statusCode ?? 0, body })
    })
  })
  outgoing.destroy()
  return status
}

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-protocol': 'mqtt',
}

const OURS = [
  'localhost',
  'LOCALHOST:8080',
  'app.localhost:3000',
  'localhost.',
  '127.0.0.1',
  '127.8.9.10:1',
  '[::1]:8080',
]
const THEIRS = [
  'evil.example',
  'evil.example:8080',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'evil-localhost',
  'xlocalhost:8080',
  '10.0.0.7',
  '0.0.0.0:8080',
  '2130706433',
  '[::]',
  '[fe80::1]:8080',
  'localhost:8080.evil.example',
  'localhost:80:80',
  '127.0.0.1@evil.example',
]

describe('the demo', () => {
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

  it('answers whoever asks by a name of this machine, at any port', async () => {
    for (const host of OURS) {
      assert.equal((await ask(server.port, host, `POST ${TOKEN_PATH}`)).status, 200, host)
      assert.equal((await ask(server.port, host, 'GET /ws', HANDSHAKE)).status, 101, host)
    }
  })

  it('gives a page that had its name resolved to this machine nothing, on any path, nor a connection', async () => {
    for (const host of THEIRS) {
      const token = await ask(server.port, host, `POST ${TOKEN_PATH}`)
      assert.ok(token.status >= 400 && !token.body.includes('access_token'), host)
      assert.equal((await ask(server.port, host, 'GET /ws', HANDSHAKE)).status, 403, host)
    }
    const origin = { origin: 'http://localhost:3000' }
    for (const line of [
      ...['GET /', 'GET /docs', 'GET /openapi.json', 'GET /metrics', 'GET /health/live', 'GET /nothing'],
      ...['GET /console/', 'GET /rtc-api/iceServers', 'OPTIONS /rtc-api/iceServers', 'GET /rtc-api/%zz'],
    ]) {
      const { status } = await ask(server.port, 'evil.example', line, origin)
      assert.ok(status === 403 || status === 400, `${line}: ${status}`)
    }
    assert.match((await ask(server.port, 'evil.example', 'GET /')).body, /DIRECTORY_FILE/)
  })
})

describe('a server with a directory of its own', () => {
  it('answers to any name, and takes credentials from the URL unless that is switched off', async (t) => {
    const data = await makeDataDir()
    const { file } = await makeDirectory(data.path)
    t.after(() => data.remove())
    for (const isTaken of [true, false]) {
      const env = { DIRECTORY_FILE: file, ...(isTaken ? {} : { CLIENT_CREDENTIALS_IN_QUERY: 'false' }) }
      const server = await startProcess(data.path, env)
      t.after(() => server.kill())
      assert.equal((await ask(server.port, 'rtc.example.com', 'GET /health/live')).status, 200)
      const secrets = new URLSearchParams({ username: 'alice', password: 'alice-password' })
      const urls = [
        `/security/oauth/token?grant_type=password&client_id=customer&${secrets}`,
        `/security/oauth/revoke?client_id=customer&token=x`,
      ]
      for (const url of urls) {
        const { status, body } = await ask(server.port, 'rtc.example.com', `POST ${url}`)
        assert.equal(status, isTaken ? 200 : 400, url)
        if (!isTaken) assert.match(body, /"invalid_request".*belong into the body/)
      }
      const inBody = await fetch(`${server.url}/security/oauth/token?grant_type=password`, {
        method: 'POST',
        body: new URLSearchParams([['client_id', 'customer'], ...secrets]),
      })
      assert.equal(inBody.status, 200, 'what is no secret may stay in the URL')
      await server.terminate()
    }
  })
})
