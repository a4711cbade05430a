import assert from 'node:assert/strict'
import { copyFile, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type ConnectionOptions, connect, type PeerCertificate } from 'node:tls'
import { createClient } from '@rollcall/client/client'
import mqtt from 'mqtt'
import { WebSocket } from 'ws'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { eventually, freePort, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { certificateFile } from '../helpers/tls.ts'

describe('plain MQTT and web origins', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let mqttPort: number
  before(async () => {
    data = await makeDataDir()
    mqttPort = await freePort()
    server = await startProcess(data.path, {
      MQTT_PORT: String(mqttPort),
      ALLOWED_ORIGINS: 'https://app.example',
    })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('delivers over TCP as over WebSocket', async () => {
    const bob = await signIn(server.url, 'bob')
    await createClient({ url: server.url, token: bob.accessToken }).register({
      userEndpointId: 'phone',
      keepAliveSeconds: 60,
    })
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`, {
      username: 'bob',
      password: bob.accessToken,
      reconnectPeriod: 0,
    })
    const received: string[] = []
    client.on('message', (_topic, payload) => received.push(payload.toString()))
    await client.subscribeAsync('users/endpoints/phone', { qos: 1 })
    await (await backend(server.url, 'acme-backend')).sendEvent(offer('bob', { qos: 1 }))
    await eventually(() => received.length === 1, 'the event arrives')
    await client.endAsync(true)
  })

  it('lets in pages of its own host and of listed origins only', async () => {
    const open = (origin: string | undefined) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(
          `${server.url.replace('http', 'ws')}/ws`,
          'mqtt',
          origin === undefined ? {} : { origin },
        )
        socket.on('open', () => {
          socket.terminate()
          resolve('open')
        })
        socket.on('error', (error) => resolve(error.message))
      })
    assert.equal(await open(undefined), 'open')
    assert.equal(await open('https://app.example'), 'open')
    assert.equal(await open(server.url), 'open')
    for (const origin of [
      'https://evil.example',
      'https://app.example.evil.example',
      'null',
      'http://app.example',
    ])
      assert.match(await open(origin), /403/, origin)
    const allowed = async (origin: string) =>
      (
        await fetch(`${server.url}/rtc-api/iceServers`, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'GET',
            'access-control-request-headers': 'authorization',
          },
        })
      ).headers.get('access-control-allow-origin')
    assert.equal(await allowed('https://app.example'), 'https://app.example')
    assert.equal(await allowed('https://evil.example'), null)
  })
})

describe('TLS', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let mqttTlsPort: number
  const file = (kind: string) => join(data.path, `${kind}.pem`)
  const replaceCertificate = async (name: string) => {
    // Written beside and moved over, as certificate tools do it.
    for (const kind of ['cert', 'key']) {
      await copyFile(certificateFile(`${name}.${kind}`), file(`${kind}.new`))
      await rename(file(`${kind}.new`), file(kind))
    }
  }
  before(async () => {
    data = await makeDataDir()
    mqttTlsPort = await freePort()
    await replaceCertificate('first')
    server = await startProcess(data.path, {
      MQTT_TLS_PORT: String(mqttTlsPort),
      TLS_CERT_FILE: file('cert'),
      TLS_KEY_FILE: file('key'),
    })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })
  const subjectAt = (port: number, options: ConnectionOptions = {}) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
        const peer: PeerCertificate = socket.getPeerCertificate()
        socket.destroy()
        resolve(String(peer.subject.CN))
      })
      socket.on('error', reject)
    })

  it('serves WSS and MQTT over TLS with one certificate', async () => {
    assert.match(server.url, /^https:/)
    const ca = await readFile(certificateFile('first.cert'))
    for (const url of [`wss://localhost:${server.port}/ws`, `mqtts://localhost:${mqttTlsPort}`])
      await assert.rejects(
        mqtt.connectAsync(url, { ca, username: 'bob', password: 'x', reconnectPeriod: 0 }),
        /refused: (Not authorized|Bad username)/,
        url,
      )
    assert.equal(await subjectAt(server.port), 'rollcall-test-first')
  })

  it('takes up a renewed certificate without a restart, and keeps the old one when the new one is broken', async () => {
    await copyFile(certificateFile('second.cert'), file('cert'))
    await eventually(
      () => server.output().includes('certificate not reloaded'),
      'a certificate without its key is refused',
    )
    assert.equal(await subjectAt(server.port), 'rollcall-test-first')
    await replaceCertificate('second')
    await eventually(
      async () => (await subjectAt(server.port)) === 'rollcall-test-second',
      'the new certificate is served',
    )
    assert.equal(await subjectAt(mqttTlsPort), 'rollcall-test-second')
    for (const port of [server.port, mqttTlsPort])
      await assert.rejects(
        subjectAt(port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }),
        /handshake failure/,
        'a renewed certificate brings no weak suites',
      )
  })
})
