import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { signIn, tokenOf } from '../helpers/demo.ts'
import { registerDevice } from '../helpers/device.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, freePort, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { certificateFile } from '../helpers/tls.ts'

const read = (path: string): string => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8')

/** A program of the system, or why its test is skipped. */
const without = (program: string, ...args: readonly string[]): string | false =>
  spawnSync(program, args).error !== undefined && `needs ${program}, which is not installed`

type Answer = { readonly status: number; readonly text: string }

function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: object; body?: string } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options
  const target = {
    host: '127.0.0.1',
    port,
    path,
    method,
    headers: { ...headers },
    rejectUnauthorized: false,
    agent: false,
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(target, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, text })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

describe('a proxy that is set up as the guide has it', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(join(data.path, 'data'), { TRUSTED_PROXIES: '127.0.0.1' })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  /** Runs it in the foreground until the test ends, and waits until it answers. */
  async function run(t: TestContext, program: string, args: readonly string[], port: number): Promise<void> {
    const home = { HOME: data.path, XDG_DATA_HOME: data.path, XDG_CONFIG_HOME: data.path }
    const child = spawn(program, args, {
      env: { ...process.env, ...home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    t.after(() => child.kill('SIGKILL'))
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
    const isUp = async (): Promise<boolean> => {
      assert.equal(child.exitCode, null, said)
      return (await ask(port, '/health/live').catch(() => undefined))?.status === 200
    }
    await eventually(isUp, `${program} answers`).catch((error: Error) => {
      throw new Error(`${error.message}\n${said}`)
    })
  }

  /** What clients need of it. */
  async function assertCarries(t: TestContext, port: number): Promise<void> {
    const { accessToken } = await signIn(server.url, 'bob')
    await registerDevice(t, server.url, 'bob', 'phone')
    const phone = await connectPhone(`https://127.0.0.1:${port}`, 'bob', accessToken, {
      rejectUnauthorized: false,
    })
    t.after(() => phone.end())
    assert.deepEqual(await phone.subscribe('users/endpoints/phone'), [1])

    const authorization = `Bearer ${await tokenOf(server.url, 'acme-backend')}`
    const headers = { authorization, 'content-type': 'application/json', prefer: 'wait=5' }
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
    const body = JSON.stringify({ userId: 'bob', qos: 1, event })
    const sent = await ask(port, '/rtc-api/users/endpoints/sendEvent', { method: 'POST', headers, body })
    assert.deepEqual(sent, { status: 200, text: '1' })
    assert.equal(phone.received[0]?.event['type'], 'CallOfferedEvent')

    const many = JSON.stringify(
      Array.from({ length: 400 }, () => ({ userId: 'nobody', event: { ...event, text: 'x'.repeat(4000) } })),
    )
    assert.ok(many.length > 1_500_000, 'more than proxies let through by default')
    const bulk = { authorization, 'content-type': 'application/json' }
    const all = await ask(port, '/rtc-api/users/endpoints/sendEvents', {
      method: 'POST',
      headers: bulk,
      body: many,
    })
    assert.equal(all.status, 200, all.text.slice(0, 200))

    const long = await ask(port, '/rtc-api/users/endpoints', {
      headers: { authorization: `Bearer ${'a'.repeat(12_000)}` },
    })
    assert.equal(long.status, 401, 'a long token is judged by the server, not by the proxy')
    assert.equal((await ask(port, '/metrics')).status, 404)
  }

  it('nginx carries calls, links, bulk and long tokens, and hides the metrics', {
    skip: without('nginx', '-v'),
  }, async (t) => {
    const port = await freePort()
    const site = read('nginx/rollcall.conf')
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('127.0.0.1:8080', `127.0.0.1:${server.port}`)
      .replace('/etc/ssl/rollcall.example.com.pem', certificateFile('first.cert'))
      .replace('/etc/ssl/rollcall.example.com.key', certificateFile('first.key'))
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${data.path}/${name};`,
    )
    const all = `pid ${data.path}/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n${folders.join('\n')}\n${site}\n}\n`
    const file = join(data.path, 'nginx.conf')
    writeFileSync(file, all)
    await run(
      t,
      'nginx',
      ['-p', data.path, '-e', 'stderr', '-c', file, '-g', 'daemon off; master_process off;'],
      port,
    )
    await assertCarries(t, port)
  })

  it('Caddy carries the same', { skip: without('caddy', 'version') }, async (t) => {
    const port = await freePort()
    const version = spawnSync('caddy', ['version'], { encoding: 'utf8' }).stdout
    const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version) ?? []).map(Number)
    const isOld = major === 2 && minor < 7
    if (isOld) t.diagnostic(`Caddy ${version.trim()} does not know stream_close_delay (2.7): without it`)
    const site = read('caddy/Caddyfile')
      .replace(
        'rollcall.example.com {',
        `https://127.0.0.1:${port} {\n  tls ${certificateFile('first.cert')} ${certificateFile('first.key')}`,
      )
      .replace('127.0.0.1:8080', `127.0.0.1:${server.port}`)
      .replace(isOld ? /^ *stream_close_delay .*\n/m : /$^/, '')
    const file = join(data.path, 'Caddyfile')
    writeFileSync(file, `{\n  admin off\n  auto_https disable_redirects\n}\n${site}`)
    await run(t, 'caddy', ['run', '--config', file, '--adapter', 'caddyfile'], port)
    await assertCarries(t, port)
  })
})
