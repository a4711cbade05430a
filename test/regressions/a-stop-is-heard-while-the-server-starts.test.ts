import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

test('SIGTERM as soon as the server says that it listens ends it in order, every time', async (t) => {
  const data = await makeDataDir()
  t.after(() => data.remove())
  for (let round = 0; round < 5; round++) {
    const server = await startProcess(data.path)
    assert.equal(await server.terminate(), 0, server.output())
  }
})
