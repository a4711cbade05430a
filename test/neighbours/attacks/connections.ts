import assert from 'node:assert/strict'
import type { Attack } from '../attack.ts'
import { NO_SHARES } from '../plants.ts'
import { flood, openSocket, pause, requestBytes } from '../tools.ts'

/** Connections from one address that ask one thing each, and stay. */
export const attack: Attack = {
  name: 'connections',
  protects: 'connections that stay idle leave the others theirs, and a descriptor',
  env: { HTTP_CONNECTIONS_MAX: '200' },
  without: { env: NO_SHARES },
  async run(target, signal) {
    const request = requestBytes('GET', '/health/live', undefined)
    return flood(250, signal, async () => {
      const socket = openSocket(target, signal, '127.0.0.2')
      const closed = new Promise<string>((resolve) => socket.once('close', () => resolve('closed')))
      socket.on('data', () => undefined).write(request)
      const how = await closed
      await pause(100)
      return how
    })
  },
  /** On connections of their own. */
  async during({ server }) {
    for (let count = 0; count < 20; count++) {
      const headers = { connection: 'close' }
      assert.equal((await fetch(`${server.url}/health/ready`, { headers })).status, 200)
    }
  },
}
