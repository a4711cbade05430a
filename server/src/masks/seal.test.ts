import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { createSealer, keyIdIn } from './seal.ts'

const random = { bytes: (size: number) => randomBytes(size) }
const KEY = Buffer.alloc(32, 7)
const CLEAR = Buffer.from('{"pin":"1234"}')

describe('createSealer', () => {
  const sealer = createSealer(KEY, random)

  test('opens what it sealed, also nothing and also in another process with the same key', () => {
    assert.deepEqual(sealer.open(sealer.seal(CLEAR, 'acme/ann'), 'acme/ann'), CLEAR)
    assert.deepEqual(createSealer(KEY, random).open(sealer.seal(CLEAR, 'é\ud800'), 'é\ud800'), CLEAR)
    assert.deepEqual(sealer.open(sealer.seal(Buffer.alloc(0), ''), ''), Buffer.alloc(0))
  })

  test('the clear text is not in it, and no two seals are alike', () => {
    const [one, other] = [sealer.seal(CLEAR, 'c'), sealer.seal(CLEAR, 'c')]
    assert.ok(!one.includes(CLEAR.subarray(0, 4)))
    assert.notDeepEqual(one, other)
  })

  test('starts with a version byte and the id of the key', () => {
    const sealed = sealer.seal(CLEAR, 'c')
    assert.equal(sealed[0], 1)
    assert.equal(sealed.toString('hex', 1, 5), sealer.keyId)
    assert.equal(keyIdIn(sealed), sealer.keyId)
    assert.equal(keyIdIn(sealed.subarray(0, 4)), undefined)
    assert.equal(keyIdIn(CLEAR), undefined)
    assert.notEqual(createSealer(Buffer.alloc(32, 8), random).keyId, sealer.keyId)
  })

  test('does not open for another context or key, nor with any byte changed or cut off', () => {
    const sealed = sealer.seal(CLEAR, 'acme/ann')
    assert.equal(sealer.open(sealed, 'acme/bob'), undefined)
    assert.equal(createSealer(Buffer.alloc(32, 8), random).open(sealed, 'acme/ann'), undefined)
    for (let index = 0; index < sealed.length; index++) {
      const forged = Buffer.from(sealed)
      forged.writeUInt8((forged.readUInt8(index) + 1) % 256, index)
      assert.equal(sealer.open(forged, 'acme/ann'), undefined, `byte ${index}`)
      assert.equal(sealer.open(sealed.subarray(0, index), 'acme/ann'), undefined, `first ${index} bytes`)
    }
    assert.equal(sealer.open(Buffer.concat([sealed, Buffer.of(0)]), 'acme/ann'), undefined)
    assert.equal(sealer.open(randomBytes(500), 'acme/ann'), undefined)
  })

  test('a former key opens what it sealed while the new one seals, and nothing else', () => {
    const before = sealer.seal(CLEAR, 'c')
    const changed = createSealer(Buffer.alloc(32, 8), random, KEY)
    assert.deepEqual(changed.open(before, 'c'), CLEAR)
    assert.equal(changed.open(before, 'other'), undefined)
    const after = changed.seal(CLEAR, 'c')
    assert.deepEqual(changed.open(after, 'c'), CLEAR)
    assert.equal(sealer.open(after, 'c'), undefined, 'the former key alone')
    assert.equal(createSealer(Buffer.alloc(32, 9), random, KEY).open(after, 'c'), undefined)
    assert.throws(() => createSealer(KEY, random, Buffer.alloc(31)), /32 bytes/)
  })

  test('refuses a key of another length', () => {
    assert.throws(() => createSealer(Buffer.alloc(16), random), /32 bytes/)
  })
})
