import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readVectors } from '../../test/helpers/vectors.ts'
import { isId } from './id.ts'

describe('ids', () => {
  const { vectors } = readVectors<{ readonly value: unknown; readonly valid: boolean }>('ids')
  for (const { name, why, value, valid } of vectors) it(name, () => assert.equal(isId(value), valid, why))

  // Not among the vectors: many languages cannot read a file that holds half a surrogate pair.
  it('refuses half a surrogate pair', () => {
    assert.equal(isId('a\ud800'), false)
    assert.equal(isId('\udc00a'), false)
  })

  it('refuses every control character', () => {
    for (let code = 0; code < 0xa0; code++) {
      const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0)
      const isForbidden = isControl || '+#/$'.includes(String.fromCharCode(code))
      assert.equal(isId(`a${String.fromCharCode(code)}b`), !isForbidden, `U+${code.toString(16)}`)
    }
  })
})
