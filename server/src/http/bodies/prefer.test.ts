import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { waitSeconds } from './prefer.ts'

describe('the preference wait', () => {
  it('is found among others, written as RFC 7240 lets one write it', () => {
    const heard: readonly [string, number | undefined][] = [
      ['wait=10', 10],
      ['WAIT=1', 1],
      ['wait="30"', 30],
      ['wait = 5', 5],
      ['respond-async, wait=10', 10],
      ['handling=lenient;x="a, wait=3", wait=7', 7],
      ['wait=2, wait=9', 2],
      ['wait=4; why="ring"', 4],
      ['respond-async', undefined],
      ['waiting=3', undefined],
      ['x="wait=3"', undefined],
      ['', undefined],
      [',,', undefined],
      ['"', undefined],
    ]
    for (const [header, seconds] of heard) assert.equal(waitSeconds(header), seconds, header)
    assert.equal(waitSeconds(undefined), undefined)
    assert.equal(waitSeconds(['x', 'wait=3']), 3)
  })

  it('is refused, naming the header, where it is no number from 1 to 30', () => {
    for (const header of [
      'wait',
      'wait=',
      'wait=0',
      'wait=31',
      'wait=-1',
      'wait=1.5',
      'wait=x',
      'wait=1e1',
      'wait=99999',
    ])
      assert.throws(
        () => waitSeconds(header),
        (error) =>
          error instanceof RollcallError && error.code === 'invalid_request' && error.fields.has('Prefer'),
        header,
      )
  })

  it('takes no longer for a hostile header', () => {
    assert.equal(waitSeconds('"\\'.repeat(8000)), undefined)
    assert.equal(waitSeconds(' '.repeat(16_000)), undefined)
    assert.equal(waitSeconds(`${'wait '.repeat(3000)}`), undefined)
  })
})
