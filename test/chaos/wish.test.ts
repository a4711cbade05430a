import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseWish } from './wish.ts'

it('chaos goes on for as long as is asked for, and what nobody can mean is refused', () => {
  assert.deepEqual(
    [parseWish([])?.seconds, parseWish(['--minutes', '20'])?.seconds, parseWish(['--seconds', '5'])?.seconds],
    [60, 1200, 5],
  )
  assert.deepEqual(parseWish(['--losses', 'power', 'FLUSHALL'])?.words, ['power', 'FLUSHALL'])
  for (const bad of [['--minutes', 'x'], ['--nodes', '27'], ['--devices', '0'], ['--what'], ['word']])
    assert.equal(parseWish(bad), undefined, bad.join(' '))
})
