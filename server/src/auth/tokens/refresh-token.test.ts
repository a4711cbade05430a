import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../../../test/helpers/fake-clock.ts'
import {
  formatRefreshToken,
  newRefreshToken,
  newSalt,
  parseRefreshToken,
  successorOf,
} from './refresh-token.ts'

const RANDOM = seededRandom('refresh tokens')
const FIRST = newRefreshToken(RANDOM)
const SALT = newSalt(RANDOM)

test('a successor is a refresh token of the same family, and the same one again', () => {
  const next = successorOf(FIRST, SALT)
  assert.equal(next.familyId, FIRST.familyId)
  assert.notEqual(next.secret, FIRST.secret)
  assert.deepEqual(parseRefreshToken(formatRefreshToken(next)), next)
  assert.deepEqual(successorOf(FIRST, SALT), next)
})

test('neither another salt nor another secret leads to it', () => {
  const next = successorOf(FIRST, SALT)
  assert.notEqual(successorOf(FIRST, newSalt(RANDOM)).secret, next.secret)
  assert.notEqual(successorOf({ ...FIRST, secret: newRefreshToken(RANDOM).secret }, SALT).secret, next.secret)
})
