import { DamageError } from '../disk/damage.ts'
import type { ReadableFile, ReadableFiles } from '../disk/files.ts'
import { readWhole } from '../disk/read-whole.ts'

/**
 * Files of a store that somebody else goes on writing, as they were when they were pinned. What is never changed
 * once it is there is held open, so that it can be read though it was removed meanwhile; what changes is read
 * at once.
 */
export class PinnedFiles implements ReadableFiles {
  readonly #files: ReadableFiles
  readonly #held = new Map<string, { readonly file: ReadableFile; readonly bytes: number }>()
  readonly #read = new Map<string, Buffer>()

  constructor(files: ReadableFiles) {
    this.#files = files
  }

  get path(): string {
    return this.#files.path
  }

  /** Holds exactly these files, which are never changed. @throws DamageError when one is not there */
  hold(names: readonly string[]): void {
    for (const name of this.#held.keys()) if (!names.includes(name)) this.#letGo(name)
    for (const name of names) {
      if (this.#held.has(name)) continue
      const bytes = this.#files.sizeOf(name)
      if (bytes === undefined) throw new DamageError(`${this.path}/${name}`, 'is missing')
      this.#held.set(name, { file: this.#files.open(name), bytes })
    }
  }

  /** Reads these files, one after the other. @throws DamageError when one is not there */
  read(names: readonly string[]): void {
    this.#read.clear()
    for (const name of names) this.#read.set(name, readWhole(this.#files, name))
  }

  sizeOf(name: string): number | undefined {
    return this.#read.get(name)?.length ?? this.#held.get(name)?.bytes
  }

  open(name: string): ReadableFile {
    const read = this.#read.get(name)
    const file = read === undefined ? this.#held.get(name)?.file : inMemory(read)
    if (file === undefined) throw new DamageError(`${this.path}/${name}`, 'is missing')
    return { read: (bytes, position) => file.read(bytes, position), close: () => {} }
  }

  close(): void {
    for (const name of this.#held.keys()) this.#letGo(name)
  }

  #letGo(name: string): void {
    this.#held.get(name)?.file.close()
    this.#held.delete(name)
  }
}

function inMemory(content: Buffer): ReadableFile {
  return {
    read(bytes, position) {
      const part = content.subarray(position, position + bytes.length)
      bytes.set(part)
      return part.length
    },
    close: () => {},
  }
}
