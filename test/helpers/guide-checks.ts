import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BULK_BYTES_MAX, WAIT_SECONDS_MAX } from '@rollcall/protocol/limits'
import { systemClock } from '../../server/src/clock/clock.ts'
import { CONFIGURATION_KEYS } from '../../server/src/config/config.ts'
import { openFolderRows } from '../../server/src/store/embedded/embedded.ts'
import { makeDirectory } from './directory.ts'
import { makeDataDir, startProcess } from './run-server.ts'

// What the guides hold that no test can run: text for programs that are not there. Each is held to what it is for.

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CERTIFICATES = fileURLToPath(new URL('./certificates/', import.meta.url))

/** `npm run NAME` in the commands is a script of the workspace. */
export function assertScriptsExist(code: string): void {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const names = [...code.matchAll(/npm run (\w+)/g)].map(([, name = '']) => name)
  assert.ok(names.length > 0)
  for (const name of names) assert.ok(Object.hasOwn(scripts, name), name)
}

/** An environment file: every key is one of ours. */
function readEnv(code: string): Record<string, string> {
  const known = new Set(CONFIGURATION_KEYS.map(({ env }) => env))
  const pairs = code
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^([A-Z_]+)=(\S*)$/.exec(line) ?? assert.fail(`no KEY=value: ${line}`))
  for (const [, key = ''] of pairs) assert.ok(known.has(key), `there is no key ${key}`)
  return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value]))
}

/** The keys make a server that answers over TLS: with a certificate, a directory and ports of the test. */
export async function assertServesTls(t: TestContext, code: string): Promise<void> {
  const { HOST, PUBLIC_URL, ...rest } = readEnv(code)
  assert.ok(HOST !== undefined && rest['TLS_CERT_FILE'] !== undefined && rest['TLS_KEY_FILE'] !== undefined)
  const data = await makeDataDir()
  t.after(() => data.remove())
  const { file } = await makeDirectory(data.path)
  const server = await startProcess(join(data.path, 'data'), {
    ...rest,
    HOST,
    PUBLIC_URL: PUBLIC_URL ?? '',
    PORT: '0',
    MQTT_TLS_PORT: '0',
    DIRECTORY_FILE: file,
    TLS_CERT_FILE: join(CERTIFICATES, 'first.cert.pem'),
    TLS_KEY_FILE: join(CERTIFICATES, 'first.key.pem'),
  })
  t.after(() => server.kill())
  const status = await new Promise((resolve, reject) => {
    const ca = readFileSync(join(CERTIFICATES, 'first.cert.pem'))
    const options = { ca, checkServerIdentity: () => undefined }
    get(`https://127.0.0.1:${server.port}/health/ready`, options, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode))
    }).on('error', reject)
  })
  assert.equal(status, 200)
}

/** Lines of `[Section]` and `Key=value`; what it runs is there; and systemd's own opinion, where it is at hand. */
export async function assertUnit(code: string): Promise<void> {
  const lines = code.split('\n').filter((line) => line !== '')
  for (const line of lines) assert.match(line, /^(\[(Unit|Service|Install)\]|[A-Z]\w+=.*)$/, line)
  const values = (key: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
  assert.deepEqual(values('WorkingDirectory'), ['/opt/rollcall'])
  for (const command of [...values('ExecStartPre'), ...values('ExecStart')]) {
    const [node, ...rest] = command.split(' ')
    const flags = rest.filter((word) => word.startsWith('--'))
    const [script = ''] = rest.filter((word) => !flags.includes(word))
    assert.equal(node, '/usr/bin/node')
    assert.ok(existsSync(join(ROOT, script)), script)
    const asked = spawnSync(process.execPath, [...flags, '--version'], { encoding: 'utf8' })
    assert.equal(asked.status, 0, asked.stderr)
  }
  const drainSeconds = Number(CONFIGURATION_KEYS.find(({ env }) => env === 'DRAIN_SECONDS')?.default)
  assert.ok(Number(values('TimeoutStopSec')[0]) > drainSeconds * 2)
  const linksMax = Number(CONFIGURATION_KEYS.find(({ env }) => env === 'LINKS_MAX')?.default)
  assert.ok(Number(values('LimitNOFILE')[0]) > linksMax * 2)
  await assertSystemdTakes(code)
}

async function assertSystemdTakes(code: string): Promise<void> {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) return
  const folder = await makeDataDir()
  try {
    const file = join(folder.path, 'rollcall.service')
    // Whether this machine has the program and the user is not the question.
    const here = code.replaceAll('/usr/bin/node', process.execPath).replace(/^User=.*$/m, 'User=root')
    writeFileSync(file, here.replaceAll('/opt/rollcall', ROOT))
    const { stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
    const complaints = stderr.split('\n').filter((line) => line.includes('rollcall.service'))
    assert.deepEqual(complaints, [])
  } finally {
    await folder.remove()
  }
}

/** Blocks that close, directives that end, and what each location must do for the server to work behind it. */
export function assertNginx(code: string): void {
  for (const line of code.split('\n').map((text) => text.trim()))
    assert.match(line, /^$|[;{}]$/, `a directive that does not end: ${line}`)
  assert.equal(code.split('{').length, code.split('}').length)
  const location = (path: string): string =>
    code.split(`location ${path} {`)[1]?.split('}')[0] ?? assert.fail(`no location ${path}`)
  const seconds = (path: string): number => {
    const [, count, unit] = /proxy_read_timeout (\d+)([smh]);/.exec(location(path)) ?? []
    return Number(count) * { s: 1, m: 60, h: 3600 }[unit === 'h' || unit === 'm' ? unit : 's']
  }
  assert.match(location('= /ws'), /Upgrade \$http_upgrade;/)
  assert.match(location('= /ws'), /Connection "upgrade";/)
  assert.ok(seconds('= /ws') >= 600 && seconds('/') > WAIT_SECONDS_MAX)
  // A location that sets one header inherits none.
  for (const path of ['/', '= /ws']) {
    assert.match(location(path), /Host \$http_host;/)
    assert.match(location(path), /X-Forwarded-For \$remote_addr;/)
  }
  const megabytes = Number(/client_max_body_size (\d+)m;/.exec(code)?.[1])
  assert.ok(megabytes * 1024 * 1024 >= BULK_BYTES_MAX)
}

/** Blocks that close, and the address of the server. */
export function assertCaddy(code: string): void {
  assert.equal(code.split('{').length, code.split('}').length)
  assert.match(code, /^ {2}reverse_proxy 127\.0\.0\.1:8080 \{$/m)
}

/** Every metric that the rules speak of is one that a running server shows. */
export function assertMetricsExist(rules: string, shown: string): void {
  const names = new Set([...rules.matchAll(/\b(?:rollcall|nodejs|process)_\w+/g)].map(([name]) => name))
  assert.ok(names.size > 5)
  for (const name of names)
    assert.ok(shown.includes(`# TYPE ${name.replace(/_bucket$/, '')} `), `there is no metric ${name}`)
}

/** Raises the number of the format in a data folder, as a newer version would. */
async function raiseFormat(dataDir: string): Promise<void> {
  const rows = await openFolderRows({ dataDir, clock: systemClock() })
  await rows.commit([
    { table: 'meta', key: Buffer.from('format'), value: Buffer.from('4000000000000000', 'hex') },
  ])
  await rows.close()
}

/** A server that finds a newer format in its folder says so in these words, ends with 1, and leaves it as it is. */
export async function assertNewerFormatRefused(text: string): Promise<void> {
  const data = await makeDataDir()
  try {
    const server = await startProcess(data.path)
    await server.terminate()
    const folder = join(data.path, 'store')
    const options = { encoding: 'utf8', cwd: ROOT } as const
    await raiseFormat(data.path)
    const before = logsIn(folder)
    const env = { PATH: process.env['PATH'], PORT: '0', DATA_DIR: data.path }
    const main = join(ROOT, 'server/dist/main.js')
    const { status, stderr } = spawnSync(process.execPath, [main], { ...options, env, timeout: 20_000 })
    assert.deepEqual([status, stderr], [1, text])
    // A start that refuses may have made an empty log of its own before.
    assert.deepEqual(logsIn(folder), before)
  } finally {
    await data.remove()
  }
}

/** Every log in which something was written, with its bytes. */
function logsIn(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.log'))
  const logs = names.map((name) => [name, readFileSync(join(folder, name))] as const)
  const written = logs.filter(([, bytes]) => bytes.some((byte) => byte !== 0))
  assert.ok(written.length > 0)
  return new Map(written)
}
