import type { DirectoryChange, DirectoryContent, DirectoryStep, DirectoryStore } from '../../store.ts'
import { bytes, list, number, optional, text } from '../connection/answers.ts'
import { CONTROL } from '../connection/partitions.ts'
import type { Answer } from '../connection/wire.ts'
import type { Engine } from '../engine.ts'

const NOTHING = Buffer.alloc(0)

export function redisDirectory({ functions, changes }: Engine): DirectoryStore {
  const listeners = new Set<(step: DirectoryStep) => void>()
  const tell = (step: DirectoryStep): void => {
    for (const listener of listeners) listener(step)
  }
  const read = async () => toContent(list(await functions.call('quick', 'directory_read', CONTROL)))
  changes.watch('directory', {
    onChanged: (revision, rows) => tell({ revision, changes: rows.map(toChange) }),
    // A step past the next one says to whoever hears it that some are missing.
    onMissed: async () => tell({ revision: (await read()).revision + 2, changes: [] }),
  })
  return {
    read,
    async change(revision, steps) {
      const args = [revision, ...steps.flatMap(toArguments)]
      // Told as soon as others may hear of it, so that nobody hears of it twice.
      const change = await functions.call('durable', 'directory_change', CONTROL, args, (made) => {
        if (made === null) return
        changes.own(number(made))
        tell({ revision: revision + 1, changes: steps })
      })
      return change !== null
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function toChange([key, value]: readonly [Answer, Answer]): DirectoryChange {
  return { key: text(key), value: optional(value, bytes) }
}

function toArguments({ key, value }: DirectoryChange): readonly (string | Buffer)[] {
  return value === undefined ? [key, '0', NOTHING] : [key, '1', Buffer.from(value)]
}

function toContent([revision, rows]: ReturnType<typeof list>): DirectoryContent {
  const all = list(rows)
  const entries = Array.from({ length: all.length / 2 }, (_, index) => ({
    key: text(all[2 * index]),
    value: bytes(all[2 * index + 1]),
  }))
  return { revision: number(revision), entries }
}
