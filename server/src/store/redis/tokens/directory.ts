import type { DirectoryChange, DirectoryContent, DirectoryStep, DirectoryStore } from '../../store.ts'
import { bytes, isYes, list, number, text } from '../connection/answers.ts'
import { CONTROL } from '../connection/partitions.ts'
import type { Engine } from '../engine.ts'

const NOTHING = Buffer.alloc(0)

export function redisDirectory({ functions }: Engine): DirectoryStore {
  const listeners = new Set<(step: DirectoryStep) => void>()
  return {
    async read() {
      return toContent(list(await functions.call('quick', 'directory_read', CONTROL)))
    },
    async change(revision, changes) {
      const args = [revision, ...changes.flatMap(toArguments)]
      const isDone = isYes(await functions.call('durable', 'directory_change', CONTROL, args))
      if (isDone) for (const listener of listeners) listener({ revision: revision + 1, changes })
      return isDone
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
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
