import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createClient } from '@rollcall/client/client'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { makeDirectory } from '../helpers/directory.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const MAIN = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url))

function runMain(args: readonly string[], env: Record<string, string> = {}, input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    input,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { status, stdout, stderr }
}

describe('running it', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path, { DRAIN_SECONDS: '1' })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('tells what to try next', async () => {
    await eventually(() => server.output().includes('sendEvent'), 'the welcome is printed')
    assert.match(server.output(), /curl .*users\/endpoints/)
    for (const place of ['/console/', '/docs', '/examples/ring/'])
      assert.ok(server.output().includes(server.url + place), place)
  })

  it('is alive, ready and counted', async () => {
    const bob = await signIn(server.url, 'bob')
    await createClient({ url: server.url, token: bob.accessToken }).register({
      userEndpointId: 'phone',
      keepAliveSeconds: 600,
    })
    const acme = await backend(server.url, 'acme-backend')
    await acme.sendEvent(offer('bob', { qos: 1 }))
    for (const path of ['/health/live', '/health/ready'])
      assert.equal((await fetch(server.url + path)).status, 200, path)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    for (const line of [
      'rollcall_registrations 1',
      'rollcall_mailbox_events 1',
      'rollcall_links 0',
      'rollcall_store_writable 1',
      'rollcall_events_accepted_total{qos="1"} 1',
    ])
      assert.ok(metrics.includes(`${line}\n`), line)
    for (const usual of [
      'nodejs_eventloop_lag_seconds',
      'process_resident_memory_bytes',
      'nodejs_version_info',
    ])
      assert.match(metrics, new RegExp(`^${usual}\\b`, 'm'), usual)
    assert.ok(!metrics.includes('bob') && !metrics.includes('acme'), 'no label is an id')
  })

  it('says which version it is: in the first line of its log, as a metric, when asked whether it lives, and alone', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../server/package.json', import.meta.url), 'utf8'),
    )
    const [first = ''] = server.output().split('\n')
    const { msg, version: logged, node } = JSON.parse(first)
    assert.deepEqual([msg, logged, node], ['starting', version, process.version])
    assert.deepEqual(await (await fetch(`${server.url}/health/live`)).json(), { status: 'live', version })
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    assert.ok(metrics.includes(`\nrollcall_build_info{version="${version}"} 1\n`))
    assert.deepEqual(runMain(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('has its documentation on board', async () => {
    const openApi = (await (await fetch(`${server.url}/rtc-api/openapi.json`)).json()) as {
      openapi: string
      paths: object
    }
    assert.match(openApi.openapi, /^3\.1/)
    assert.ok('/rtc-api/users/endpoints/sendEvent' in openApi.paths)
    const page = await fetch(`${server.url}/docs`)
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-type') ?? '', /text\/html/)
  })

  it('has the console on board, and the example with the demo directory', async () => {
    assert.equal((await fetch(server.url)).url, `${server.url}/console/`)
    for (const path of ['/console/', '/examples/ring/']) {
      const page = await fetch(server.url + path)
      assert.equal(page.status, 200)
      const parts = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part = '']) => part)
      assert.ok(parts.length > 0, path)
      for (const part of parts) assert.equal((await fetch(server.url + part)).status, 200, part)
    }
    const olivia = await signIn(server.url, 'olivia')
    const headers = { authorization: `Bearer ${olivia.accessToken}` }
    for (const path of ['/events', '/users/alice/endpoints', '/webhooks'])
      assert.equal((await fetch(`${server.url}/rtc-api${path}`, { headers })).status, 200, path)
  })

  it('refuses a second process on its data folder', async () => {
    const second = runMain([], { DATA_DIR: data.path, PORT: '0' })
    assert.equal(second.status, 1)
    assert.match(second.stderr, /in use|another process/i)
  })

  it('drains: links are told, and everything is durable', async () => {
    const bob = await signIn(server.url, 'bob')
    const phone = await connectPhone(server.url, 'bob', bob.accessToken, { protocolVersion: 5 })
    const reasons: unknown[] = []
    phone.client.on('disconnect', (packet) => reasons.push(packet.reasonCode))
    assert.equal(await server.terminate(), 0)
    assert.deepEqual(reasons, [0x8b])
    await assert.rejects(fetch(`${server.url}/health/live`))
    server = await startProcess(data.path, { PORT: String(server.port) })
    const back = await connectPhone(server.url, 'bob', bob.accessToken)
    await back.subscribe('users/endpoints/phone')
    await eventually(() => back.received.length === 1, 'the event that waited arrives')
    await back.end()
  })
})

describe('without the demo directory', () => {
  it('there is no example, and with CONSOLE=false no console', async (test) => {
    const data = await makeDataDir()
    test.after(() => data.remove())
    const { file } = await makeDirectory(data.path)
    for (const [CONSOLE, home] of [
      ['true', '/console/'],
      ['false', '/docs'],
    ] as const) {
      const server = await startProcess(data.path, { CONSOLE, DIRECTORY_FILE: file })
      test.after(() => server.kill())
      assert.equal((await fetch(`${server.url}/examples/ring/`)).status, 404)
      assert.equal((await fetch(server.url)).url, server.url + home)
      assert.equal((await fetch(`${server.url}/console/`)).status, CONSOLE === 'true' ? 200 : 404)
      await server.terminate()
    }
  })
})

describe('the command line', () => {
  it('refuses to show the demo directory to the network', () => {
    for (const HOST of ['0.0.0.0', '::', '192.168.1.1', 'example.org']) {
      const { status, stderr } = runMain([], { HOST, PORT: '0' })
      assert.equal(status, 2, HOST)
      assert.match(stderr, /HOST: .*demo directory/)
    }
  })

  it('names a key that is wrong', () => {
    const { status, stderr } = runMain(['check-config'], { PORT: 'eighty' })
    assert.equal(status, 2)
    assert.match(stderr, /PORT: must be an integer/)
    assert.equal(runMain(['check-config']).status, 0)
    assert.equal(runMain(['--config', '/nonexistent.json', 'check-config']).status, 2)
    assert.equal(runMain(['--nonsense']).status, 2)
    assert.equal(runMain(['nonsense']).status, 2)
  })

  it('finds what is wrong in the files that the configuration names, before it is used', async (t) => {
    const folder = await makeDataDir()
    t.after(() => folder.remove())
    const broken = join(folder.path, 'broken.json')
    writeFileSync(
      broken,
      '{"organizations":[],"clients":[],"users":[{"username":"bob","organizationId":"acme"}]}',
    )
    const issuer = { issuer: 'http://id.example', jwksUri: 'http://id.example/keys', algorithms: ['RS256'] }
    for (const [env, told] of [
      [{ DIRECTORY_FILE: broken }, /broken\.json: users\[0\]/],
      [{ DIRECTORY_FILE: join(folder.path, 'none') }, /none: cannot be read \(ENOENT\)/],
      [{ FOREIGN_ISSUERS: JSON.stringify([issuer]) }, /foreignIssuers/],
      [{ TLS_CERT_FILE: broken, TLS_KEY_FILE: broken }, /TLS_CERT_FILE: the certificate .* cannot be used/],
      [{ SEALING_KEY: 'short' }, /SEALING_KEY: .*32 bytes/],
      [{ HOST: '0.0.0.0' }, /HOST: the demo directory/],
    ] as const) {
      const { status, stderr } = runMain(['check-config'], env)
      assert.equal(status, 2, stderr)
      assert.match(stderr, told)
    }
  })

  it('makes hashes for the directory file', () => {
    const { status, stdout, stderr } = runMain(['hash-secret'], {}, 'a secret\n')
    assert.equal(status, 0)
    assert.match(stdout, /^\$argon2id\$\S+\n$/)
    assert.equal(stderr, '')
  })
})
