import { seededRandom } from '../helpers/fake-clock.ts'

/** Chance that repeats itself for the same seed. */
export type Dice = {
  /** An integer from 0 to `sides - 1`. */
  roll(sides: number): number
  /** True `percent` times in a hundred. */
  chance(percent: number): boolean
  pick<Item>(items: readonly Item[]): Item
}

export function createDice(seed: number): Dice {
  const random = seededRandom(`dice ${seed}`)
  let block: Buffer = Buffer.alloc(0)
  const next = (): number => {
    if (block.length < 4) block = random.bytes(4096)
    const value = block.readUInt32BE(0)
    block = block.subarray(4)
    return value
  }
  const roll = (sides: number): number => next() % sides
  return {
    roll,
    chance: (percent) => roll(100) < percent,
    pick(items) {
      const item = items[roll(items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
  }
}
