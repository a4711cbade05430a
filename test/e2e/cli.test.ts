import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runCli, startCli } from '../helpers/run-cli.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const MAIN = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url))
const BOB = { ROLLCALL_USER: 'bob', ROLLCALL_PASSWORD: 'bob-password' }
const ACME = { ROLLCALL_CLIENT: 'acme-backend', ROLLCALL_CLIENT_SECRET: 'acme-secret' }

describe('the command line and a server', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  const as = (who: Record<string, string>) => ({ env: { ROLLCALL_URL: server.url, ...who } })

  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  it('registers, listens, sends, and tells what became of it', async (t) => {
    const nobody = await runCli(['send', 'bob', 'CallOfferedEvent'], as(ACME))
    assert.deepEqual([nobody.code, nobody.lines()[0]?.['count']], [6, 0])

    const listener = startCli(['register', '--listen', '--id', 'bobs-phone', '--count', '1'], as(BOB))
    t.after(() => listener.child.kill('SIGKILL'))
    await eventually(() => listener.stderr().includes('online as bobs-phone'), 'it listens')

    const sent = await runCli(
      ['send', 'bob', 'CallOfferedEvent', '{"caller":"Alice"}', '--wait', '10', '--mask', '$.caller'],
      as(ACME),
    )
    assert.equal(sent.code, 0, sent.stderr)
    const [receipt] = sent.lines()
    assert.deepEqual({ ...receipt, eventId: 'E' }, { count: 1, eventId: 'E', acknowledged: 1, connected: 1 })
    assert.equal(await listener.ended, 0, listener.stderr())
    const [event] = listener.lines()
    assert.deepEqual(
      [event?.['type'], event?.['caller'], event?.['id']],
      ['CallOfferedEvent', 'Alice', receipt?.['eventId']],
    )

    const found = await runCli(['events', String(receipt?.['eventId'])], as(ACME))
    const [record] = found.lines()
    assert.equal(found.code, 0, found.stderr)
    assert.match(JSON.stringify(record), /"caller":"\*{5}".*"outcome":"acknowledged"/)
    const list = await runCli(['events', '--to-user', 'bob', '--limit', '1'], as(ACME))
    assert.equal(list.lines().length, 1)
  })

  it('tells who is there', async () => {
    await runCli(['register', '--id', 'bobs-tablet', '--keep-alive', '60'], as(BOB))
    const { code, lines } = await runCli(['presence', 'bob', 'nobody'], as(ACME))
    const [bob, nobody] = lines()
    assert.equal(code, 0)
    assert.deepEqual([bob?.['registered'], bob?.['connected']], [1, 0])
    assert.deepEqual(nobody, { userId: 'nobody', registered: 0, connected: 0, lastSeenAt: null })
    const empty = await runCli(['presence', 'nobody'], as(ACME))
    assert.equal(empty.code, 6)
    const other = await runCli(['presence', 'alice'], as(BOB))
    assert.equal(other.code, 4, other.stderr)
  })

  it('says which version it is, and how a type must be that is none', async () => {
    const { code, stdout } = await runCli(['--version'])
    assert.deepEqual([code, /^\d+\.\d+\.\d+\S*\n$/.test(stdout)], [0, true], stdout)
    const wrong = await runCli(['send', 'bob', 'ring'], as(ACME))
    assert.equal(wrong.code, 5)
    assert.match(wrong.stderr, /event\.type: must be at least two capitalised words.*perhaps "RingSentEvent"/)
  })

  it('reads an event from standard input', async () => {
    const input = '{"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"}'
    const sent = await runCli(['send', 'alice', '-', '--qos', '0'], { ...as(ACME), input })
    assert.deepEqual([sent.code, sent.stderr], [6, ''])
    const broken = await runCli(['send', 'bob', '-'], { ...as(ACME), input: '{' })
    assert.deepEqual([broken.code, broken.stdout], [2, ''])
    assert.match(broken.stderr, /the event is not JSON/)
  })

  it('answers a call, which the caller and the history tell', async (t) => {
    const phone = startCli(['register', '--listen', '--id', 'answering'], as(BOB))
    t.after(() => phone.child.kill('SIGKILL'))
    await eventually(() => phone.stderr().includes('online as answering'), 'it listens')
    const args = ['--endpoint', 'answering', '--wait', '20', '--wait-for', 'answered']
    const call = startCli(['send', 'bob', 'CallOfferedEvent', ...args], as(ACME))
    t.after(() => call.child.kill('SIGKILL'))
    await eventually(() => phone.lines().length === 1, 'it rings')
    const eventId = String(phone.lines()[0]?.['id'])
    const answered = await runCli(['answer', eventId, '{"with":"video"}', '--id', 'answering'], as(BOB))
    assert.deepEqual([answered.code, answered.lines()], [0, [{ eventId, answeredBy: 'answering' }]])
    assert.equal(await call.ended, 0)
    const { acknowledged, answeredBy } = call.lines()[0] ?? {}
    assert.deepEqual([acknowledged, answeredBy], [1, 'answering'])
    const [record] = (await runCli(['events', eventId], as(ACME))).lines()
    assert.deepEqual([record?.['answeredBy'], record?.['answer']], ['answering', { with: 'video' }])
    const late = await runCli(['answer', eventId, '--id', 'other'], as(BOB))
    assert.deepEqual([late.code, late.stdout], [5, ''])
    phone.child.kill('SIGTERM')
    await phone.ended
    const args2 = ['send', 'bob', 'CallOfferedEvent', '--wait', '1', '--wait-for', 'answered', '--grace', '0']
    assert.equal((await runCli(args2, as(ACME))).code, 6)
    assert.equal((await runCli([...args2, '--wait-for', 'sent'], as(ACME))).code, 2)
  })

  it('follows the history until it is stopped', async (t) => {
    const follower = startCli(['events', '--follow', '--type', 'LineFollowedEvent'], as(ACME))
    t.after(() => follower.child.kill('SIGKILL'))
    await eventually(async () => {
      await runCli(['send', 'bob', 'LineFollowedEvent', '{"text":"\\u001b[2J"}'], as(ACME))
      return follower.lines().length > 0
    }, 'it tells')
    follower.child.kill('SIGINT')
    assert.equal(await follower.ended, 0, follower.stderr())
  })

  it('leaves no endpoint behind when it is stopped', async () => {
    const listener = startCli(['register', '--listen', '--id', 'stopped'], as(BOB))
    await eventually(() => listener.stderr().includes('online as stopped'), 'it listens')
    listener.child.kill('SIGTERM')
    assert.equal(await listener.ended, 0)
    const sent = await runCli(['send', 'bob', 'CallOfferedEvent', '--endpoint', 'stopped'], as(ACME))
    assert.equal(sent.code, 6)
  })

  it('registers without staying', async () => {
    const { code, lines } = await runCli(['register', '--id', 'desk', '--keep-alive', '60'], as(BOB))
    assert.deepEqual([code, lines()], [0, [{ id: 'desk', keepAliveSeconds: 60 }]])
  })

  it('gets tokens', async () => {
    const { code, lines } = await runCli(['token', '--client', 'acme-backend:acme-secret'], as({}))
    assert.equal(code, 0)
    assert.match(String(lines()[0]?.['accessToken']), /^ey.+\..+\..+$/)
    const raw = await runCli(['token', '--raw'], as(BOB))
    assert.match(raw.stdout, /^ey[^\n]+\n$/)
  })

  it('says what went wrong, in one line and by its exit code', async () => {
    const cases: readonly (readonly [string[], Record<string, string>, number, RegExp])[] = [
      [['token'], { ...BOB, ROLLCALL_PASSWORD: 'no' }, 4, /invalid_grant/],
      [['token'], {}, 2, /say who you are/],
      [['send', 'bob', 'Odd'], ACME, 5, /invalid_request.*event\.type: must be/s],
      [['send', 'bob'], ACME, 2, /Usage: rollcall send/],
      [['send', 'bob', 'CallOfferedEvent', '--wait', '31'], ACME, 2, /--wait must be/],
      [['events', 'unknown'], ACME, 5, /not_found/],
      [['send', 'bob', 'CallOfferedEvent'], { ROLLCALL_TOKEN: 'a.b.c' }, 4, /unauthorized/],
      [['token', '--url', 'http://127.0.0.1:1'], BOB, 3, /cannot be reached/],
      [['dance'], {}, 2, /unknown command: dance/],
      [['token', '--loudly'], {}, 2, /Unknown option '--loudly'/],
      [['register', '--listen', '--wait', '30'], { ROLLCALL_TOKEN: 'a.b.c' }, 4, /./],
    ]
    for (const [args, env, code, message] of cases) {
      const ended = await runCli(args, as(env))
      assert.equal(ended.code, code, `${args.join(' ')}: ${ended.stderr}`)
      assert.match(ended.stderr, message)
      assert.equal(ended.stdout, '')
      assert.doesNotMatch(ended.stderr, /\n {4}at /, 'a stack is not for people')
    }
  })

  const script = spawnSync('script', ['--version']).status === 0
  it('writes for people on a terminal', { skip: !script && 'needs the program script' }, async () => {
    const command = `${process.execPath} ${MAIN} send bob CallOfferedEvent --qos 0`
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ROLLCALL_URL: server.url, ...ACME },
    })
    assert.match(stdout, /accepted for \d endpoints? of bob/)
  })
})

describe('the command line alone', () => {
  it('prints hashes, checks configurations, and helps', async () => {
    const hash = await runCli(['hash-secret'], { input: 'secret\n' })
    assert.deepEqual([hash.code, hash.stderr], [0, ''])
    assert.match(hash.stdout, /^\$argon2id\$|^sha256\$/)
    const fine = await runCli(['check-config'])
    assert.deepEqual([fine.code, fine.stdout], [0, 'The configuration is fine.\n'])
    const wrong = await runCli(['check-config'], { env: { PORT: 'many' } })
    assert.equal(wrong.code, 2)
    for (const args of [['--help'], ['send', '--help'], ['token', '-h']]) {
      const help = await runCli(args)
      assert.equal(help.code, 0)
      assert.match(help.stdout, /^Usage: rollcall/)
    }
  })

  it('starts a server and hands signals on', async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    const env = { PORT: '0', DATA_DIR: data.path, DRAIN_SECONDS: '0' }
    const cli = startCli(['start'], { env })
    t.after(() => cli.child.kill('SIGKILL'))
    await eventually(() => cli.stdout().includes('"msg":"listening"'), 'it listens')
    cli.child.kill('SIGTERM')
    assert.equal(await cli.ended, 0)
  })
})
