import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { it } from 'node:test'
import { createClient } from '@rollcall/client/client'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { connectPhone } from '../helpers/phone.ts'
import { NO_REDIS } from '../helpers/redis-server.ts'
import { eventually } from '../helpers/run-server.ts'

const SCRIPT = new URL('../../scripts/cluster.mjs', import.meta.url)

it('the demo cluster serves a phone at one node and its caller at the other, and leaves no process behind', {
  skip: NO_REDIS ?? false,
}, async () => {
  const demo = spawn(process.execPath, [SCRIPT.pathname], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  demo.stdout.on('data', (text: Buffer) => {
    said += text.toString()
  })
  const ended = new Promise((resolve) => demo.once('exit', resolve))
  try {
    await eventually(() => said.includes('Ctrl+C ends it all'), 'it is there', 60_000)
    const [first = '', second = ''] = [...said.matchAll(/(http:\/\/\S+)\/console\//g)].map(([, url]) => url)
    const bob = await signIn(first, 'bob')
    await createClient({ url: first, token: bob.accessToken }).register({
      ...{ userEndpointId: 'phone', keepAliveSeconds: 60 },
    })
    const phone = await connectPhone(first, 'bob', bob.accessToken, { protocolVersion: 5 })
    await phone.subscribe('users/endpoints/phone')
    const acme = await backend(second, 'acme-backend')
    assert.equal((await acme.sendEvent(offer('bob', { qos: 1 }, { n: 1 }))).count, 1)
    await eventually(() => phone.received.length === 1, 'the event arrives')
    await phone.end()
  } finally {
    demo.kill('SIGTERM')
  }
  assert.equal(await ended, 0)
  for (const [, pid] of said.matchAll(/process (\d+)/g))
    assert.throws(() => process.kill(Number(pid), 0), `process ${pid} is gone`)
})
