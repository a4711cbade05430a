import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { openMqtt } from '../helpers/mqtt-fixture.ts'

test('an MQTT port that cannot take connections says so once a minute, and lives on', async (t) => {
  const { mqtt, clock, lines } = await openMqtt(t)
  const server = createServer()
  await mqtt.listen(server, '127.0.0.1', 0)
  const fail = () => server.emit('error', Object.assign(new Error('accept'), { code: 'EMFILE' }))
  const told = () => lines.filter((line) => line.includes('could not take a connection'))
  for (let time = 0; time < 1_000; time++) fail()
  assert.equal(told().length, 1)
  assert.match(told()[0] ?? '', /"code":"EMFILE"/)
  await clock.advance(60_000)
  fail()
  assert.equal(told().length, 2)
  assert.equal(server.listening, true)
})
