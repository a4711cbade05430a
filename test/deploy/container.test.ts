import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { filesUnder } from '../../scripts/workspace.mjs'
import { CONFIGURATION_KEYS } from '../../server/src/config/config.ts'
import { eventually, freePort, makeDataDir } from '../helpers/run-server.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const HOME = '/opt/rollcall'

type Instruction = { readonly name: string; readonly rest: string }
type Copy = {
  readonly from: string | undefined
  readonly sources: readonly string[]
  readonly target: string
}

/** The instructions of each stage, by its name, the last one's being `''`. */
function stages(): ReadonlyMap<string, readonly Instruction[]> {
  const lines = read('deploy/docker/Dockerfile')
    .replace(/\\\n\s*/g, '')
    .split('\n')
  const found = new Map<string, Instruction[]>()
  let current: Instruction[] = []
  for (const line of lines.filter((text) => text !== '' && !text.startsWith('#'))) {
    const [name = '', ...words] = line.split(' ')
    if (name === 'FROM') {
      const parent = found.get(words[0] ?? '') ?? []
      current = [...parent]
      found.set(words[2] ?? '', current)
    } else current.push({ name, rest: words.join(' ') })
  }
  return found
}

function copiesOf(instructions: readonly Instruction[]): readonly Copy[] {
  return instructions
    .filter(({ name }) => name === 'COPY')
    .map(({ rest }) => {
      const words = rest.split(' ')
      const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length)
      const paths = words.filter((word) => !word.startsWith('--'))
      return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' }
    })
}

const lastOf = (instructions: readonly Instruction[], name: string): string =>
  instructions.findLast((one) => one.name === name)?.rest ?? assert.fail(`no ${name}`)

describe('the container', () => {
  const last = stages().get('') ?? []

  it('copies only what is there', () => {
    for (const [stage, instructions] of stages())
      for (const { from, sources } of copiesOf(instructions)) {
        if (from !== undefined) assert.ok(stages().has(from), `${stage} copies from ${from}`)
        for (const source of sources)
          assert.ok(existsSync(join(ROOT, source.replace(`${HOME}/`, ''))), `${stage}: ${source}`)
      }
  })

  it('has every workspace’s manifest where npm reads the lockfile', () => {
    const { workspaces }: { workspaces: string[] } = JSON.parse(read('package.json'))
    const copied = copiesOf(stages().get('manifests') ?? []).flatMap(({ sources }) => sources)
    for (const workspace of workspaces) assert.ok(copied.includes(`${workspace}/package.json`), workspace)
  })

  it('builds from all that the build reads', () => {
    const copied = copiesOf(stages().get('build') ?? []).flatMap(({ sources }) => sources)
    const reads = filesUnder('scripts').filter((path) => !path.endsWith('.test.ts'))
    const builds = [...read('scripts/build.mjs').matchAll(/^ {2}\['([\w/]+)', \[/gm)].map(
      ([, name = '']) => name,
    )
    assert.ok(builds.length >= 7 && reads.length > 5)
    for (const path of [...builds, ...reads, 'tsconfig.base.json', 'package-lock.json', '.npmrc'])
      assert.ok(
        copied.some((source) => path === source || path.startsWith(`${source}/`)),
        path,
      )
  })

  it('runs as three nodes on one Redis, each by its own name, and with what a Redis has to have', () => {
    type Service = { environment?: Record<string, string>; command?: string }
    const text = read('deploy/docker/compose.redis.yaml')
    const { services }: { services: Record<string, Service> } = parse(text, { merge: true })
    const known = new Set(CONFIGURATION_KEYS.map(({ env }) => env))
    const nodes = Object.entries(services).filter(
      ([, { environment }]) => environment?.['REDIS_URL'] !== undefined,
    )
    assert.equal(nodes.length, 3)
    for (const [name, { environment = {} }] of nodes) {
      assert.equal(environment['NODE_NAME'], name)
      assert.equal(environment['REDIS_URL'], 'redis://redis:6379')
      for (const key of Object.keys(environment)) assert.ok(known.has(key), key)
      assert.match(services['front']?.command ?? '', new RegExp(`--to ${name}:8080`))
    }
    assert.match(services['redis']?.command ?? '', /--appendonly yes .*--maxmemory-policy noeviction/)
  })

  it('runs as somebody who may write to its data folder only', () => {
    assert.equal(lastOf(last, 'USER'), 'node')
    const user = last.findIndex(({ name }) => name === 'USER')
    const after = last.slice(user).map(({ name }) => name)
    assert.ok(!after.includes('COPY') && !after.includes('RUN'), 'nothing in it is its own')
    assert.equal(lastOf(last, 'VOLUME'), '/var/lib/rollcall')
    assert.match(
      lastOf(last, 'ENV'),
      / DATA_DIR=\/var\/lib\/rollcall\/data$/,
      'beside it there is room for a backup',
    )
    assert.match(lastOf(last, 'RUN'), /install -d -o node -g node -m 700 \/var\/lib\/rollcall/)
  })

  it('answers, has its pages, is healthy, and stops, from what the last stage has', async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    const home = assemble(copiesOf(last), join(data.path, 'opt'))
    const port = await freePort()
    const given = Object.fromEntries(
      lastOf(last, 'ENV')
        .split(' ')
        .map((pair) => pair.split('=')),
    )
    const env = {
      ...given,
      PATH: process.env['PATH'],
      PORT: String(port),
      DATA_DIR: join(data.path, 'data'),
      DRAIN_SECONDS: '0',
    }

    // A container without a volume and a directory says what it wants, and makes nothing.
    const [node = '', ...args]: string[] = JSON.parse(lastOf(last, 'ENTRYPOINT'))
    assert.equal(node, 'node')
    const bare = spawnSync(process.execPath, args, { cwd: home, env, encoding: 'utf8' })
    assert.equal(bare.status, 2)
    assert.match(bare.stderr, /set DIRECTORY_FILE, DIRECTORY=store, or DEMO_SECRETS=random/)
    assert.ok(!existsSync(env.DATA_DIR))

    const health = (): number | null => {
      const [, command = ''] = lastOf(last, 'HEALTHCHECK').split(' CMD ')
      const [, ...script]: string[] = JSON.parse(command)
      return spawnSync(process.execPath, script, { cwd: home, env }).status
    }
    assert.equal(health(), 1, 'nobody answers yet')
    const { child, said } = start(t, home, args, { ...env, DEMO_SECRETS: 'random' })
    await eventually(() => said().includes('"msg":"listening"'), 'it listens')
    assert.equal(health(), 0)
    for (const path of ['/console/', '/examples/ring/', '/sdk.js', '/docs'])
      assert.equal((await fetch(`http://127.0.0.1:${port}${path}`)).status, 200, path)
    const version = spawnSync(process.execPath, ['cli/dist/main.js', '--version'], {
      cwd: home,
      encoding: 'utf8',
    })
    assert.match(version.stdout, /^\d+\.\d+\.\d+/)
    const backup = ['cli/dist/main.js', 'backup', env.DATA_DIR.replace(/data$/, 'backup')]
    const copied = spawnSync(process.execPath, backup, { cwd: home, env, encoding: 'utf8' })
    assert.match(copied.stdout, /^The backup is complete/, copied.stderr)
    child.kill('SIGTERM')
    await eventually(() => child.exitCode !== null, 'it stops')
    assert.equal(child.exitCode, 0, said())
  })

  it('is run by a compose file whose keys there are', () => {
    const text = read('deploy/docker/compose.yaml')
    const known = new Set(CONFIGURATION_KEYS.map(({ env }) => env))
    // As it stands, and with all that is commented out taken in.
    const whole = text
      .replace(/^# (secrets:| {2}directory:| {4}file:)/gm, '$1')
      .replace(/^( +)# ( *)(?=[A-Z_]+:|secrets:|- )/gm, '$1$2')
    for (const content of [parse(text), parse(whole)]) {
      const { rollcall } = content.services
      for (const key of Object.keys(rollcall.environment)) assert.ok(known.has(key), key)
      assert.ok(existsSync(join(ROOT, 'deploy/docker', rollcall.build.context, rollcall.build.dockerfile)))
      const [volume = ''] = rollcall.volumes
      assert.ok(Object.hasOwn(content.volumes, volume.split(':')[0] ?? ''))
      assert.equal(rollcall.read_only, true)
    }
    assert.equal(parse(whole).services.rollcall.environment.DIRECTORY_FILE, '/run/secrets/directory')
    assert.equal(parse(whole).secrets.directory.file, './directory.json')
  })
})

/** The last stage's files: what the build made is what is built here, and packages are those that are installed here. */
function assemble(copies: readonly Copy[], home: string): string {
  for (const { sources, target } of copies)
    for (const source of sources) {
      const here = join(ROOT, source.replace(`${HOME}/`, ''))
      const name = target.endsWith('/') ? join(target, source.slice(source.lastIndexOf('/') + 1)) : target
      const there = normalize(join(home, name))
      mkdirSync(dirname(there), { recursive: true })
      if (name === 'node_modules') continue
      cpSync(here, there, { recursive: true })
    }
  linkPackages(home)
  return home
}

/** Our own packages are links into the workspace: in the container they lead to what is there. */
function linkPackages(home: string): void {
  const modules = join(home, 'node_modules')
  mkdirSync(join(modules, '@rollcall'), { recursive: true })
  for (const name of ['protocol', 'client', 'server', 'cli'])
    symlinkSync(join(home, name), join(modules, '@rollcall', name))
  const { packages }: { packages: Record<string, { dev?: boolean; link?: boolean }> } = JSON.parse(
    read('package-lock.json'),
  )
  for (const [path, { dev, link }] of Object.entries(packages)) {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1]
    if (name === undefined || dev === true || link === true || !existsSync(join(ROOT, path))) continue
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, path), join(modules, name))
  }
}

function start(
  t: TestContext,
  home: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
) {
  const child = spawn(process.execPath, args, { cwd: home, env })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  return { child, said: () => text }
}
