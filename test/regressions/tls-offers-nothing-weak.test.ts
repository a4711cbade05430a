import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { freePort, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { certificateFile } from '../helpers/tls.ts'

/** TLS 1.2 with suites that the test's elliptic key can serve: the first four encrypt in CBC. */
const WEAK = [
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-ECDSA-AES128-CCM8',
]

/** The version and suite agreed upon, or the error's code. */
function agreedAt(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)
      socket.destroy()
    })
    socket.on('error', (error) => resolve(`refused: ${Reflect.get(error, 'code')}`))
  })
}

const tls = { TLS_CERT_FILE: certificateFile('first.cert'), TLS_KEY_FILE: certificateFile('first.key') }

async function start(dataDir: string, env: Record<string, string>) {
  const mqttTlsPort = await freePort()
  const server = await startProcess(dataDir, { ...tls, MQTT_TLS_PORT: String(mqttTlsPort), ...env })
  return { server, ports: [server.port, mqttTlsPort] }
}

describe('TLS', () => {
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let server: ServerProcess | undefined
  before(async () => {
    data = await makeDataDir()
  })
  after(async () => {
    await server?.kill()
    await data.remove()
  })

  it('offers no CBC suite and nothing before 1.2 by default, at any port', async () => {
    const started = await start(data.path, {})
    server = started.server
    for (const port of started.ports) {
      for (const ciphers of WEAK)
        assert.match(await agreedAt(port, { ciphers, maxVersion: 'TLSv1.2' }), /^refused/, ciphers)
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
      assert.match(await agreedAt(port, old), /^refused/)
      assert.match(await agreedAt(port, { maxVersion: 'TLSv1.2' }), /^TLSv1\.2 ECDHE-ECDSA-.*(GCM|POLY1305)/)
      assert.match(await agreedAt(port, {}), /^TLSv1\.3 /)
    }
    await server.kill()
  })

  it('speaks the versions and suites that are configured', async () => {
    const newest = await start(data.path, { TLS_MIN_VERSION: 'TLSv1.3' })
    server = newest.server
    for (const port of newest.ports) {
      assert.match(await agreedAt(port, { maxVersion: 'TLSv1.2' }), /^refused/)
      assert.match(await agreedAt(port, {}), /^TLSv1\.3 /)
    }
    await server.kill()
    const chosen = await start(data.path, {
      TLS_CIPHERS: 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA',
    })
    server = chosen.server
    for (const port of chosen.ports) {
      const options = { maxVersion: 'TLSv1.2' } as const
      assert.equal(await agreedAt(port, options), 'TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305')
      assert.match(await agreedAt(port, { ...options, ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }), /^refused/)
    }
  })

  it('is refused at the start where its suites or versions are none', async () => {
    for (const [env, message] of [
      [{ TLS_CIPHERS: 'ROT13' }, /TLS_CIPHERS: must be cipher suites/],
      [{ TLS_MIN_VERSION: 'TLSv1.1' }, /TLS_MIN_VERSION: must be TLSv1.2 or TLSv1.3/],
    ] as const)
      await assert.rejects(start(data.path, env), message)
  })
})
