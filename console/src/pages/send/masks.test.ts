import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskFault, maskLines } from './masks.ts'

const lines = maskLines('\n  $.caller \n\n$.card[\n')

test('blank lines are no masks', () => {
  assert.deepEqual(lines, [
    { line: 2, text: '$.caller' },
    { line: 4, text: '$.card[' },
  ])
  assert.deepEqual(maskLines(' \n'), [])
})

test('a fault names the line', () => {
  assert.equal(
    maskFault('masks[1], position 7: expected a name', lines),
    'Line 4 ($.card[), position 7: expected a name',
  )
  assert.equal(
    maskFault('masks[0]: expected at most 512 characters', lines),
    'Line 2 ($.caller): expected at most 512 characters',
  )
})

test('what names no mask stays as it is', () => {
  for (const fault of ['expected at most 32 masks', 'masks[7], position 1: x', ''])
    assert.equal(maskFault(fault, lines), fault)
})
