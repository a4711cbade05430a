import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ComeAndGo } from './come-and-go.ts'
import { endpointId } from './roster.ts'

test('a slot unregisters what it has registered, as the same user, before the next one comes', () => {
  const tokens = { backend: 'backend', users: ['first', 'second'] }
  const work = new ComeAndGo({ authority: 'there', tokens, users: 2, slots: 2 })
  const asked = [0, 1, 1, 0, 0].map((slot) => {
    const request = work.next(slot).toString('latin1')
    const [, path, token] = /endpoints(\S+) [\s\S]*Bearer (\w+)/.exec(request) ?? []
    const [, id] = /"userEndpointId":"([^"]+)"/.exec(request) ?? []
    return [path, token, id]
  })
  assert.deepEqual(asked, [
    ['/register', 'first', endpointId(0)],
    ['/register', 'second', endpointId(1)],
    ['/unregister', 'second', endpointId(1)],
    ['/unregister', 'first', endpointId(0)],
    ['/register', 'first', endpointId(2)],
  ])
})
