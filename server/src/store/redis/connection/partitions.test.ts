import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CONTROL, crc16, Partitions } from './partitions.ts'

const SLOTS = 16_384

/** As Redis Cluster finds the slot of a key. */
function slotOf(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key
  return crc16(tag) % SLOTS
}

describe('partitions', () => {
  it('are found by the sum that Redis Cluster uses', () => {
    assert.equal(crc16('123456789'), 0x31c3)
    assert.equal(crc16(''), 0)
  })

  it('lie in the slots evenly and in order, so that every share of the slots has its share of them', () => {
    for (const count of [1, 4, 64, 256, 4096]) {
      const partitions = new Partitions(count, 'rc:')
      const places = partitions.all.map((partition) => slotOf(partitions.baseOf(partition)))
      const width = SLOTS / count
      for (const [partition, slot] of places.entries()) assert.equal(Math.floor(slot / width), partition)
    }
  })

  it('are as many as asked for, each with a name of its own', () => {
    const partitions = new Partitions(256, 'rc:')
    const bases = [CONTROL, ...partitions.all].map((partition) => partitions.baseOf(partition))
    assert.equal(new Set(bases).size, 257)
    for (const base of bases) assert.match(base, /^rc:\{[a-z0-9]+\}:$/)
  })

  it('have users spread over them', () => {
    const partitions = new Partitions(16, '')
    const counts = new Array<number>(16).fill(0)
    for (let user = 0; user < 16_000; user++) {
      const partition = partitions.ofUser({ organizationId: 'acme', userId: `user ${user}` })
      counts[partition] = (counts[partition] ?? 0) + 1
    }
    for (const count of counts) assert.ok(count > 800 && count < 1200, String(count))
  })
})
