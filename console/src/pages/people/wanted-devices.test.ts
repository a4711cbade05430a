import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UserEndpointInSight } from '../../api/api.ts'
import { wantedDevices } from './wanted-devices.ts'

const at = '2026-01-01T00:00:00.000Z'
const device = (id: string, connected: boolean): UserEndpointInSight => ({
  ...{ id, connected, keepAliveSeconds: 60, serverKeepAliveReminderOn: false, mailboxDepth: 0 },
  ...{ registeredAt: at, lastKeepAliveAt: at, expiresAt: at },
})
const ALL = [device('Bobs-Phone', true), device('bobs-tablet', false), device('desk', true)]

test('devices are found by a part of their id and by their connection', () => {
  const ids = (text: string, shown: 'all' | 'connected' | 'away') =>
    wantedDevices(ALL, { text, shown }).map(({ id }) => id)
  assert.deepEqual(ids('', 'all'), ['Bobs-Phone', 'bobs-tablet', 'desk'])
  assert.deepEqual(ids('BOBS', 'all'), ['Bobs-Phone', 'bobs-tablet'])
  assert.deepEqual(ids('bobs', 'connected'), ['Bobs-Phone'])
  assert.deepEqual(ids('', 'away'), ['bobs-tablet'])
  assert.deepEqual(ids('(.*', 'all'), [])
})
