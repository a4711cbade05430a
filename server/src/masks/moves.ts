import type { Key } from './json.ts'

/** How far a path comes with the children of a container. */
export class Moves {
  readonly toEvery = new Set<number>()
  readonly toSome = new Map<Key, Set<number>>()

  add(key: Key, index: number): void {
    const indexes = this.toSome.get(key)
    if (indexes === undefined) this.toSome.set(key, new Set([index]))
    else indexes.add(index)
  }

  to(key: Key): ReadonlySet<number> {
    const indexes = this.toSome.get(key)
    if (indexes === undefined) return this.toEvery
    return this.toEvery.size === 0 ? indexes : new Set([...this.toEvery, ...indexes])
  }
}
