import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HistoryOutcome, HistoryRecord } from '@rollcall/client'
import type { UserEndpointInSight } from '../../api/api.ts'
import { changesBetween, type Look } from './changes.ts'

const START_MS = Date.parse('2026-01-01T12:00:00.000Z')

function at(seconds: number): string {
  return new Date(START_MS + seconds * 1_000).toISOString()
}

function endpoint(id: string, more: Partial<UserEndpointInSight> = {}) {
  return {
    id,
    keepAliveSeconds: 60,
    serverKeepAliveReminderOn: false,
    registeredAt: at(0),
    lastKeepAliveAt: at(0),
    expiresAt: at(60),
    connected: false,
    mailboxDepth: 0,
    ...more,
  }
}

function link(connectedAt: string): NonNullable<UserEndpointInSight['link']> {
  return { clientId: 'c', protocol: 'MQTT 5.0', transport: 'websocket', connectedAt }
}

function record(id: string, seconds: number, ...outcomes: readonly HistoryOutcome[]): HistoryRecord {
  return {
    id,
    organizationId: 'acme',
    userId: 'bob',
    qos: 1,
    acceptedAt: at(seconds),
    event: { type: 'CallOfferedEvent' },
    endpoints: outcomes.map((outcome, index) => ({ userEndpointId: `e${index}`, outcome })),
  }
}

function look(seconds: number, more: Partial<Look> = {}): Look {
  return { atMs: START_MS + seconds * 1_000, endpoints: [], records: [], ...more }
}

function told(before: Look, after: Look): readonly string[] {
  return changesBetween(before, after).map(
    ({ atMs, about, text }) => `${(atMs - START_MS) / 1_000} ${about} ${text}`,
  )
}

describe('changes of devices', () => {
  it('are none where only keepalives came', () => {
    const before = look(2, { endpoints: [endpoint('a'), endpoint('b', { connected: true })] })
    const kept = { lastKeepAliveAt: at(3), expiresAt: at(63) }
    const after = look(4, { endpoints: [endpoint('b', { connected: true, ...kept }), endpoint('a', kept)] })
    assert.deepEqual(told(before, after), [])
  })

  it('are coming, connecting, disconnecting, each at its own time', () => {
    const phone = endpoint('a', { registeredAt: at(3), connected: true, link: link(at(3.5)) })
    const before = look(2, { endpoints: [endpoint('b', { connected: true })] })
    const after = look(4, { endpoints: [phone, endpoint('b')] })
    assert.deepEqual(told(before, after), [
      '3 a registered',
      '3.5 a connected with MQTT 5.0 over WebSocket',
      '4 b disconnected',
    ])
  })

  it('are a new connection in place of the old, and a new registration of the same id', () => {
    const before = look(2, { endpoints: [endpoint('a', { connected: true, link: link(at(1)) })] })
    const again = look(4, { endpoints: [endpoint('a', { connected: true, link: link(at(3)) })] })
    assert.deepEqual(told(before, again), ['3 a connected anew with MQTT 5.0 over WebSocket'])
    const anew = look(4, { endpoints: [endpoint('a', { registeredAt: at(3) })] })
    assert.deepEqual(told(before, anew), ['3 a registered'])
  })

  it('are going: expired by its time, or ended by somebody before', () => {
    const before = look(50, { endpoints: [endpoint('a'), endpoint('b', { expiresAt: at(90) })] })
    assert.deepEqual(told(before, look(61)), [
      '60 a expired: no keepalive came in time',
      '61 b is gone: unregistered, or kicked',
    ])
  })

  it('do without links of older servers', () => {
    const before = look(2, { endpoints: [endpoint('__proto__')] })
    const after = look(4, { endpoints: [endpoint('__proto__', { connected: true })] })
    assert.deepEqual(told(before, after), ['4 __proto__ connected'])
    assert.deepEqual(told(after, look(6, { endpoints: after.endpoints })), [])
  })
})

describe('changes of events', () => {
  it('are new ones, and what became of those before', () => {
    const before = look(2, { records: [record('1', 1, 'queued', 'queued')] })
    const after = look(4, { records: [record('2', 3), record('1', 1, 'queued', 'acknowledged')] })
    assert.deepEqual(told(before, after), [
      '3 CallOfferedEvent accepted, nobody was registered',
      '4 CallOfferedEvent 1 acknowledged, 1 queued',
    ])
    assert.deepEqual(told(after, look(6, { records: after.records })), [])
  })

  it('are answers', () => {
    const rings = record('1', 1, 'acknowledged')
    const answered = { ...rings, answeredAt: at(3), answeredBy: 'bobs-phone' }
    assert.deepEqual(told(look(2, { records: [rings] }), look(4, { records: [answered] })), [
      '4 CallOfferedEvent answered by bobs-phone, 1 acknowledged',
    ])
  })

  it('are all of them where there were none', () => {
    assert.deepEqual(told(look(2), look(4, { records: [record('1', 3, 'sent')] })), [
      '3 CallOfferedEvent 1 sent',
    ])
  })

  it('are not those that come into sight because newer ones have gone', () => {
    const before = look(2, { records: [record('2', 1, 'sent')] })
    const after = look(4, { records: [record('2', 1, 'sent'), record('1', 0, 'sent')] })
    assert.deepEqual(told(before, after), [])
  })
})
