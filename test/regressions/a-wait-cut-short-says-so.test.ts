import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '@rollcall/client/client'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

test('who waits for receipts when the server stops is told that the wait was cut short', async (t) => {
  const data = await makeDataDir()
  const server = await startProcess(data.path)
  t.after(async () => {
    await server.kill()
    await data.remove()
  })
  const { accessToken: token } = await signIn(server.url, 'bob')
  await createClient({ url: server.url, token }).register({ userEndpointId: 'phone', keepAliveSeconds: 600 })
  const authorization = `Bearer ${await tokenOf(server.url, 'acme-backend')}`
  const waiting = fetch(`${server.url}/rtc-api/users/endpoints/sendEvent`, {
    method: 'POST',
    headers: { authorization, prefer: 'wait=30', 'content-type': 'application/json' },
    body: JSON.stringify(offer('bob', { qos: 1, graceMs: 30_000 })),
  })
  // In the mailbox: it waits for the receipt now.
  const mailbox = async (): Promise<string> => {
    const answer = await fetch(`${server.url}/rtc-api/users/bob/endpoints`, { headers: { authorization } })
    return answer.text()
  }
  while (!(await mailbox()).includes('"mailboxDepth":1'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(await server.terminate(), 0)
  const answer = await waiting
  assert.equal(answer.status, 200)
  assert.equal(await answer.text(), '1')
  assert.equal(answer.headers.get('preference-applied'), 'wait=0')
  assert.equal(answer.headers.get('acknowledged'), '0')
})
