import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '@rollcall/client/client'
import { systemClock } from '../../server/src/clock/clock.ts'
import { openFolderRows, TABLES } from '../../server/src/store/embedded/embedded.ts'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { connectPhone } from '../helpers/phone.ts'
import { runCli } from '../helpers/run-cli.ts'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'
import { ofOneProcess } from '../helpers/several-nodes.ts'

const NAME = 'alice'
const SECRET = 'what-only-alice-was-told'

test('a person is exported and erased by the command line, and the data folder has nothing of her but what is named', async (t) => {
  const data = await makeDataDir()
  t.after(() => data.remove())
  const server = await startProcess(data.path)
  t.after(() => server.kill())
  const { accessToken } = await signIn(server.url, NAME)
  const client = createClient({ url: server.url, token: accessToken })
  await client.register({ userEndpointId: 'her-phone', keepAliveSeconds: 600 })
  await client.register({ userEndpointId: 'her-tab', keepAliveSeconds: 600 })
  const phone = await connectPhone(server.url, NAME, accessToken)
  await phone.subscribe('users/endpoints/her-phone')
  const acme = await backend(server.url, 'acme-backend')
  for (let number = 0; number < 20; number++) {
    await acme.sendEvent(offer(NAME, { qos: 1 }, { secret: SECRET, number }))
    await acme.sendEvent(offer('bob', { qos: 0 }, { number }))
  }
  await client.sendEvent(offer('bob', { qos: 0 }, { secret: SECRET }))
  await eventually(() => phone.received.length === 20, 'her phone has them')

  const env = { ROLLCALL_URL: server.url, ROLLCALL_USER: 'olivia', ROLLCALL_PASSWORD: 'olivia-password' }
  const exported = await runCli(['export', NAME], { env })
  assert.equal(exported.code, 0, exported.stderr)
  const [all] = exported.lines()
  assert.equal(Object(all?.['events']).length, 21)
  assert.equal((await runCli(['erase', NAME], { env })).code, 2, 'not without --yes')
  const erased = await runCli(['erase', NAME, '--yes'], { env })
  assert.equal(erased.code, 0, erased.stderr)
  const [told] = erased.lines()
  assert.deepEqual([told?.['registrations'], told?.['mailboxEvents'], told?.['events']], [2, 20, 21])
  await eventually(() => !phone.client.connected, 'her connection has ended')
  const empty = (await runCli(['export', NAME], { env })).lines()[0]
  assert.deepEqual([empty?.['endpoints'], empty?.['events'], empty?.['lastSeenAt']], [[], [], null])
  const asBob = await runCli(['erase', NAME, '--yes'], {
    env: { ...env, ROLLCALL_USER: 'bob', ROLLCALL_PASSWORD: 'bob-password' },
  })
  assert.equal(asBob.code, 4)
  assert.match(server.output(), /"action":"erase_user","outcome":"done"/)

  await server.terminate()
  const isElsewhere = ofOneProcess('what it keeps is in a data folder')
  if (isElsewhere !== false) return t.diagnostic(`skipped: what is left of her; ${isElsewhere}`)
  // Until no token of hers can be alive, and what was done to whom is kept for those who have to know.
  assert.deepEqual(await tablesWith(data.path, NAME), ['revokedUsers', 'audit'])
  assert.deepEqual(await tablesWith(data.path, SECRET), [])
  assert.deepEqual(await tablesWith(data.path, 'her-phone'), [])
  assert.ok((await tablesWith(data.path, 'bob')).includes('history'))
})

/** Tables of a data folder with a row that has this text in its key or its value. */
async function tablesWith(dataDir: string, text: string): Promise<readonly string[]> {
  assert.ok(
    readdirSync(join(dataDir, 'store')).length > 0 && readFileSync(join(dataDir, 'store', 'manifest')),
  )
  const rows = await openFolderRows({ dataDir, clock: systemClock() })
  const found = new Set<string>()
  for (const table of TABLES)
    await rows.scan(table, (key, value) => {
      if (Buffer.from(key).includes(text) || Buffer.from(value).includes(text)) found.add(table)
    })
  await rows.close()
  return [...found]
}
