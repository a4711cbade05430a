import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeDirectory, tokenOfClient, tokenOfUser } from '../helpers/directory.ts'
import { runCli } from '../helpers/run-cli.ts'
import { makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { storeOf } from '../helpers/several-nodes.ts'

const CALLERS = ['nobody', 'user', 'backend', 'administrator', 'SERVICE'] as const
type Caller = (typeof CALLERS)[number]
const CELLS = ['—', 'own', 'organization', 'every', 'yes'] as const
type Cell = (typeof CELLS)[number]
type Row = { readonly operation: string; readonly cells: ReadonlyMap<Caller, Cell> }

const docs = (path: string): string => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')

/** What each caller is called itself. */
const SELF: Readonly<Record<Caller, string>> = {
  nobody: 'nobody',
  user: 'bob',
  backend: 'acme-backend',
  administrator: 'boss',
  SERVICE: 'service',
}
/** Somebody else of the organization, who is not needed any more. */
const OTHER = 'alice'

const EVENT = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
/** Bodies that are right, where being wrong would be told first. */
const BODIES = new Map<string, (userId: string) => unknown>([
  ['POST /rtc-api/users/endpoints', () => ({ userEndpointId: 'probe', keepAliveSeconds: 60 })],
  ['POST /rtc-api/users/endpoints/register', () => ({ userEndpointId: 'probe', keepAliveSeconds: 60 })],
  ['POST /rtc-api/users/endpoints/keepalive', () => ({ userEndpointId: 'probe' })],
  ['POST /rtc-api/users/endpoints/unregister', () => ({ userEndpointId: 'probe' })],
  ['POST /rtc-api/users/endpoints/{userEndpointId}/events/acknowledge', () => ({ ids: ['e'] })],
  ['POST /rtc-api/events/{eventId}/answer', () => ({ userEndpointId: 'probe' })],
  ['POST /rtc-api/users/endpoints/sendEvent', (userId) => ({ userId, event: EVENT })],
  ['POST /rtc-api/users/endpoints/sendEvents', (userId) => [{ userId, event: EVENT }]],
  ['POST /rtc-api/users/presence', (userId) => ({ userIds: [userId] })],
  ['POST /rtc-api/masks/preview', () => ({ event: EVENT, masks: [] })],
])

function rowsOf(page: string): readonly Row[] {
  return [...page.matchAll(/^\| `([A-Z]+ \/\S+)` \| (.+) \|$/gm)].map(([line, operation = '', rest = '']) => {
    const found = rest.split(' | ').map((text) => CELLS.find((cell) => cell === text) ?? assert.fail(line))
    assert.equal(found.length, CALLERS.length, line)
    return { operation, cells: new Map(CALLERS.map((caller, index) => [caller, found[index] ?? '—'])) }
  })
}

const ROWS = rowsOf(docs('who-may.md'))

describe('docs/who-may.md', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  const tokens = new Map<Caller, string>()
  before(async () => {
    data = await makeDataDir()
    const { file } = await makeDirectory(data.path)
    const env = { DIRECTORY: 'store', DATA_DIR: join(data.path, 'data') }
    const { code, stderr } = await runCli(['import-directory', file], {
      env: { ...env, ...(await storeOf(env.DATA_DIR)) },
    })
    assert.equal(code, 0, stderr)
    server = await startProcess(env.DATA_DIR, env)
    for (const caller of ['user', 'administrator'] as const)
      tokens.set(caller, (await tokenOfUser(server.url, SELF[caller])).accessToken)
    for (const caller of ['backend', 'SERVICE'] as const)
      tokens.set(caller, await tokenOfClient(server.url, SELF[caller]))
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  /** Whether the server refuses the caller, whatever else it has to say. */
  async function isRefused(operation: string, caller: Caller, userId: string): Promise<boolean> {
    const [method = '', path = ''] = operation.split(' ')
    // Who names one administers that one alone.
    const named =
      caller === 'SERVICE' && !path.includes('/directory/organizations') ? '?organizationId=acme' : ''
    const entry = path.includes('/organizations/') ? 'acme' : 'none'
    const address =
      path
        .replace('{userId}', userId)
        .replace('{entryId}', entry)
        .replaceAll(/\{\w+\}/g, 'none') + named
    const token = tokens.get(caller)
    const body = BODIES.get(operation)?.(userId) ?? {}
    const whole = caller === 'SERVICE' && !Array.isArray(body) ? { ...body, organizationId: 'acme' } : body
    const hasBody = method === 'POST' || method === 'PATCH'
    const answer = await fetch(`${server.url}${address}`, {
      method,
      headers: {
        'if-match': '*',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
      },
      ...(hasBody ? { body: JSON.stringify(whole) } : {}),
    })
    const text = await answer.text()
    if (answer.status === 401 || answer.status === 403) return true
    return answer.status === 400 && JSON.parse(text).error === 'no_organization'
  }

  /** What the cell says, of the caller's own and of another's. */
  async function holds({ operation, cells }: Row, caller: Caller): Promise<boolean> {
    const cell = cells.get(caller)
    if (cell === '—')
      return (await isRefused(operation, caller, OTHER)) && isRefused(operation, caller, SELF[caller])
    if (cell !== 'own') return !(await isRefused(operation, caller, OTHER))
    const namesUser = operation.includes('{userId}') || operation.endsWith('/presence')
    if (namesUser && !(await isRefused(operation, caller, OTHER))) return false
    return !(await isRefused(operation, caller, SELF[caller]))
  }

  it('has every operation of the API once', () => {
    const { paths } = JSON.parse(docs('openapi.json')) as { paths: Record<string, object> }
    const all = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    assert.deepEqual(ROWS.map(({ operation }) => operation).toSorted(), all.toSorted())
  })

  for (const caller of CALLERS)
    it(`says what ${caller} may`, async () => {
      const wrong: string[] = []
      for (const row of ROWS)
        if (!(await holds(row, caller))) wrong.push(`${row.operation}: not "${row.cells.get(caller)}"`)
      assert.deepEqual(wrong, [])
    })
})
