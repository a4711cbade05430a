import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readVectors } from '../../test/helpers/vectors.ts'
import { ERRORS, isErrorCode, RollcallError } from './error-code.ts'

type Row = {
  readonly code: string
  readonly status: number
  readonly reasonCode: number
  readonly retryable: boolean
}

describe('error codes', () => {
  it('are those of the vectors, no more and no fewer', () => {
    const rows = Object.entries(ERRORS).map(([code, { status, reason, retryable }]) => ({
      code,
      status,
      reasonCode: reason,
      retryable,
    }))
    const { vectors } = readVectors<Row>('error-codes')
    assert.deepEqual(
      vectors.map(({ code, status, reasonCode, retryable }) => ({ code, status, reasonCode, retryable })),
      rows,
    )
  })

  it('are no names that every object has', () => {
    for (const name of ['toString', '__proto__', 'constructor', '', null])
      assert.equal(isErrorCode(name), false)
  })

  it('keep fields by any name', () => {
    const error = new RollcallError('invalid_request', undefined, { fields: [['__proto__', 'must be']] })
    assert.deepEqual([...error.fields], [['__proto__', 'must be']])
    assert.equal(error.message, ERRORS.invalid_request.text)
  })

  it('can go into MQTT 5 packets as reason codes of failures', () => {
    for (const [code, { reason }] of Object.entries(ERRORS)) assert.ok(reason >= 0x80 && reason <= 0xa2, code)
  })
})
