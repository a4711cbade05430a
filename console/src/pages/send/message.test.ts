import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NEW_FORM, type SendForm } from './form.ts'
import { faultsOf, messageOf, waitSecondsOf } from './message.ts'

const form = (changes: Partial<SendForm> = {}): SendForm => ({ ...NEW_FORM, userId: 'bob', ...changes })
const faults = (changes: Partial<SendForm>) => Object.fromEntries(faultsOf(form(changes)))

describe('a message', () => {
  it('is the form, with the time of sending', () => {
    assert.deepEqual(messageOf(form(), undefined, 0), {
      userId: 'bob',
      event: { type: 'CallOfferedEvent', timestamp: '1970-01-01T00:00:00.000Z', caller: 'Alice' },
      qos: 1,
      ttlSeconds: 30,
    })
  })

  it('has all that was chosen', () => {
    const chosen = form({
      userEndpointId: 'phone',
      timing: 'fixed',
      timestamp: '2026-01-01T12:00:00Z',
      attributes: '',
      qos: '0',
      ttlSeconds: ' ',
      collapseKey: 'call',
      masks: '$.caller\n\n $..card ',
    })
    assert.deepEqual(messageOf(chosen, 'acme', 0), {
      userId: 'bob',
      organizationId: 'acme',
      userEndpointId: 'phone',
      event: { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z' },
      masks: ['$.caller', '$..card'],
      qos: 0,
      collapseKey: 'call',
    })
  })

  it('keeps members that mean something to JavaScript', () => {
    const { event } = messageOf(form({ attributes: '{"__proto__":{"a":1},"<b>":"</script>"}' }), undefined, 0)
    assert.match(JSON.stringify(event), /"__proto__":\{"a":1\},"<b>":"<\/script>"/)
  })

  it('waits for receipts only where there are any', () => {
    assert.equal(waitSecondsOf(form({ waitSeconds: '10' })), 10)
    assert.equal(waitSecondsOf(form({ waitSeconds: '10', qos: '0' })), 0)
  })
})

describe('faults', () => {
  it('are none in a form that says to whom', () => {
    assert.deepEqual(faults({}), {})
    assert.deepEqual(faults({ attributes: '', ttlSeconds: '', masks: '$[' }), {})
  })

  it('are named at their field, by the rules of the contract', () => {
    assert.match(faults({ userId: '' })['userId'] ?? '', /1 to 128 characters/)
    assert.match(faults({ userId: 'a/b' })['userId'] ?? '', /1 to 128 characters/)
    assert.match(faults({ userEndpointId: '#' })['userEndpointId'] ?? '', /1 to 128 characters/)
    for (const type of ['', 'Event', 'AnsweredEvent', 'SDPEvent', 'callOfferedEvent', 'CallOffered'])
      assert.match(faults({ type })['type'] ?? '', /two capitalised words/, type)
    for (const timestamp of ['', 'now', '2026-02-29T00:00:00Z', '2026-01-01T12:00:00+01:00'])
      assert.match(faults({ timing: 'fixed', timestamp })['timestamp'] ?? '', /ISO-8601/, timestamp)
    for (const ttlSeconds of ['0', '-1', '1.5', '1e3', 'x', '31536001'])
      assert.match(faults({ ttlSeconds })['ttlSeconds'] ?? '', /whole seconds/, ttlSeconds)
    assert.match(faults({ collapseKey: 'x'.repeat(129) })['collapseKey'] ?? '', /128/)
  })

  it('are named in the JSON with line and column', () => {
    assert.equal(
      faults({ attributes: '{\n  "a": 1,\n}' })['attributes'],
      'Line 3, column 1: expected a name in double quotes',
    )
    assert.match(faults({ attributes: '[1]' })['attributes'] ?? '', /JSON object/)
    assert.match(faults({ attributes: '{"type":"X"}' })['attributes'] ?? '', /field of its own/)
    assert.match(faults({ attributes: '{"id":"1"}' })['attributes'] ?? '', /made by the server/)
  })
})
