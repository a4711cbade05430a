import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { call } from '../helpers/call.ts'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

let data: Awaited<ReturnType<typeof makeDataDir>>
let server: ServerProcess
before(async () => {
  data = await makeDataDir()
  server = await startProcess(data.path, { MAILBOX_EVENTS_MAX: '1' })
})
after(async () => {
  await server.kill()
  await data.remove()
})

async function notices(clientId: string): Promise<readonly unknown[]> {
  const { status, text } = await call(server.url, await tokenOf(server.url, clientId), 'GET notices')
  assert.equal(status, 200, text)
  return JSON.parse(text).notices
}

it('mailboxes without room are told to their organization, and to nobody else', async () => {
  assert.deepEqual(await notices('acme-backend'), [])
  const { accessToken } = await signIn(server.url, 'bob')
  const command = { userEndpointId: 'phone', keepAliveSeconds: 600 }
  await call(server.url, accessToken, 'POST users/endpoints/register', command)
  const backend = await tokenOf(server.url, 'acme-backend')
  for (const wanted of [200, 429, 429]) {
    const sent = offer('bob', { qos: 1 })
    assert.equal((await call(server.url, backend, 'POST users/endpoints/sendEvent', sent)).status, wanted)
  }
  assert.deepEqual(await notices('acme-backend'), [{ kind: 'mailboxes_full', count: 2 }])
  assert.deepEqual(await notices('globex-backend'), [])
})
