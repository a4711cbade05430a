import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ask } from '../../../test/helpers/ask.ts'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { openStoredAuth } from '../../../test/helpers/stored-directory.ts'
import { createAudit } from '../audit/audit.ts'
import { createMemoryStore } from '../store/memory/memory.ts'

type Page = {
  readonly lines: readonly { readonly [member: string]: unknown }[]
  readonly nextCursor?: string
}

async function open(t: TestContext) {
  const clock = createFakeClock()
  const { audit: auditLines } = createMemoryStore({ clock })
  const lost: number[] = []
  const audit = createAudit({
    file: undefined,
    clock,
    log: { info: () => undefined, error: () => undefined },
    metrics: { auditLost: (count) => void lost.push(count) },
    keep: (line) => auditLines.add([line]),
    takeKind: () => () => undefined,
  })
  t.after(() => audit.close())
  const { auth, tokenOf, tokenOfClient } = await openStoredAuth(t)
  const { listen } = await openHttp(t, { auth, audit, auditLines })
  const url = await listen()
  const tokens = {
    boss: await tokenOf('boss'),
    alice: await tokenOf('alice'),
    gloria: await tokenOf('gloria'),
    backend: await tokenOfClient('backend'),
    service: await tokenOfClient('service'),
  }
  const as = async (who: keyof typeof tokens, line: string) => {
    const [method, path] = line.split(' ')
    const headers = { authorization: `Bearer ${tokens[who]}`, 'if-match': '*' }
    const answer = await ask(url, `${method} /rtc-api/${path}`, { headers })
    const page: Page = answer.text.startsWith('{') ? JSON.parse(answer.text) : { lines: [] }
    return { ...answer, page }
  }
  return { as, auditLines, audit, lost }
}

const inShort = ({ page }: { readonly page: Page }) =>
  page.lines.map(({ action, callerId, entryId, userId }) => [action, callerId, entryId ?? userId])

test('an administrator reads what was done in its organization, by role SERVICE too; SERVICE reads all', async (t) => {
  const { as } = await open(t)
  await as('service', 'POST directory/clients/backend/rotate-secret')
  await as('boss', 'DELETE directory/users/alice')
  await as('gloria', 'DELETE directory/users/carol')
  const ofAcme = [
    ['remove_entry', 'boss', 'alice'],
    ['rotate_secret', 'service', 'backend'],
  ]
  assert.deepEqual(inShort(await as('boss', 'GET audit')), ofAcme)
  const carol = ['remove_entry', 'gloria', 'carol']
  assert.deepEqual(inShort(await as('gloria', 'GET audit?action=remove_entry')), [carol])
  const all = inShort(await as('service', 'GET audit?limit=100')).filter(
    ([action]) => action !== 'read_audit',
  )
  assert.deepEqual(all, [carol, ...ofAcme])
  assert.deepEqual(
    inShort(await as('service', 'GET audit?organizationId=globex&callerId=gloria&action=remove_entry')),
    [carol],
  )
  const { page } = await as('boss', 'GET audit?action=remove_entry')
  const [line] = page.lines
  assert.equal(line?.['address'], '127.0.0.1')
  assert.match(String(line?.['at']), /^\d{4}-\d\d-\d\dT/)
})

test('what was done to one entry of the directory is found by its kind and id', async (t) => {
  const { as } = await open(t)
  await as('boss', 'DELETE directory/users/alice')
  await as('service', 'POST directory/clients/backend/rotate-secret')
  const of = async (query: string) => inShort(await as('boss', `GET audit?${query}`))
  const alice = ['remove_entry', 'boss', 'alice']
  assert.deepEqual(await of('entryKind=users&entryId=alice'), [alice])
  assert.deepEqual(await of('entryKind=users'), [alice])
  assert.deepEqual(await of('entryKind=clients&entryId=alice'), [])
  assert.deepEqual(await of('entryId=backend'), [['rotate_secret', 'service', 'backend']])
  for (const wrong of ['entryKind=x', 'entryKind=__proto__', 'entryId=a%2Fb', 'entryId=a&entryId=b'])
    assert.equal((await as('boss', `GET audit?${wrong}`)).status, 400, wrong)
})

test('backends and users read nothing of it, another organization is never in it, and who tried is written down', async (t) => {
  const { as } = await open(t)
  assert.equal((await as('alice', 'GET audit')).status, 403)
  assert.equal((await as('backend', 'GET audit')).status, 403)
  await as('gloria', 'DELETE directory/users/carol')
  assert.deepEqual(inShort(await as('boss', 'GET audit?organizationId=globex')), [
    ['read_audit', 'backend', undefined],
    ['read_audit', 'alice', undefined],
  ])
})

test('pages go on where they ended; made-up cursors and other filters are refused; there is no way to change a line', async (t) => {
  const { as, auditLines } = await open(t)
  const nowMs = createFakeClock().wallMs()
  for (let number = 1; number <= 9; number++)
    await auditLines.add([
      { atWallMs: nowMs, organizationId: 'acme', text: `{"action":"x","number":${number}}` },
    ])
  await auditLines.add([{ atWallMs: nowMs, organizationId: 'acme', text: '{"action":"y"}' }])
  const numbers: unknown[] = []
  let query = 'audit?action=x&limit=4'
  for (let pages = 0; pages < 5 && query !== ''; pages++) {
    const { page } = await as('boss', `GET ${query}`)
    numbers.push(...page.lines.map(({ number }) => number))
    query = page.nextCursor === undefined ? '' : `audit?action=x&limit=4&cursor=${page.nextCursor}`
    if (pages === 0 && page.nextCursor !== undefined)
      assert.equal((await as('boss', `GET audit?limit=4&cursor=${page.nextCursor}`)).status, 400)
  }
  assert.deepEqual(numbers, [9, 8, 7, 6, 5, 4, 3, 2, 1])
  for (const wrong of ['cursor=AAAA', 'limit=0', 'action=A%20b', 'callerId=a%2Fb', 'organizationId=%2B'])
    assert.equal((await as('service', `GET audit?${wrong}`)).status, 400, wrong)
  for (const method of ['POST', 'DELETE', 'PATCH'])
    assert.equal((await as('service', `${method} audit`)).status, 405)
})

test('a line that the store does not take is counted as lost, and nothing fails', async (t) => {
  const { as, auditLines, lost } = await open(t)
  t.mock.method(auditLines, 'add', () => Promise.reject(new Error('full')))
  assert.equal((await as('boss', 'DELETE directory/users/alice')).status, 204)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(lost, [1])
})
