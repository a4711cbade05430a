import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { Standstills } from './standstills.ts'

test('a server that does not answer is taken to stand still from half a second on, until it does', async () => {
  let slowMs = 0
  const server = createServer((_request, response) => void setTimeout(() => response.end(), slowMs)).listen(0)
  await once(server, 'listening')
  const address = server.address()
  assert(typeof address === 'object' && address !== null)
  const told: string[] = []
  const fault = (what: string, node?: string) => {
    told.push(`${what} ${node}`)
    return () => void told.push('back')
  }
  const standstills = new Standstills(`http://127.0.0.1:${address.port}`, { fault })
  standstills.start()
  await new Promise((resolve) => setTimeout(resolve, 150))
  slowMs = 800
  while (standstills.count === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  slowMs = 0
  await standstills.stop()
  assert.deepEqual(told.slice(-2), ['node_froze node', 'back'])
  server.close()
  server.closeAllConnections()
})
