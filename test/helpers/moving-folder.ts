import {
  DamageError,
  type Files,
  type LogFile,
  type NewFile,
  type ReadableFile,
  type ReadableFiles,
} from '../../server/src/store/embedded/embedded.ts'

/** A file's content; a name that is given to another file later leaves those who read this one alone. */
type Inode = { readonly id: number }

/** A folder at one moment. */
type Moment = { readonly names: ReadonlyMap<string, Inode>; readonly contents: ReadonlyMap<Inode, Buffer> }

const UNIT_BYTES = 512

/**
 * A folder in memory that remembers what it was like after each change, so that a test can have somebody read it
 * while it changes, at every step of both. Each write to a log is two changes: it can be seen half done.
 */
export class MovingFolder {
  readonly path: string
  readonly #moments: Moment[] = [{ names: new Map(), contents: new Map() }]
  #inodes = 0
  /** Called before each change, which it may keep from happening by throwing. */
  beforeChange: () => void = () => {}

  constructor(path = '/moving') {
    this.path = path
  }

  /** How many moments there are; the last is now. */
  get moments(): number {
    return this.#moments.length
  }

  /** Content of a file now. */
  content(name: string): Buffer {
    return contentAt(this.#now, this.#inode(this.#now, name))
  }

  write(name: string, content: Buffer): void {
    this.#change((names, contents) => {
      const inode = { id: this.#inodes++ }
      names.set(name, inode)
      contents.set(inode, content)
    })
  }

  files(): Files {
    return {
      ...this.#filesAt(() => this.#now),
      list: () => [...this.#now.names.keys()],
      create: async (name) => this.#create(name),
      openLog: async (name) => this.#openLog(name),
      rename: async (from, to) => this.#rename(from, to),
      remove: async (name) => this.#change((names) => names.delete(name)),
      syncNames: async () => this.beforeChange(),
      identityOf: (name) => this.#now.names.get(name)?.id.toString(),
      freeBytes: async () => 1e9,
    }
  }

  /** The folder as somebody sees it who comes a moment further whenever `step` says so, twice within each read. */
  seenFrom(moment: number, step: () => number): ReadableFiles & { readonly moment: number; pass(): void } {
    let at = moment
    const pass = () => {
      at = Math.min(at + step(), this.#moments.length - 1)
      return this.#moments[at] ?? this.#now
    }
    return {
      ...this.#filesAt(pass),
      get moment() {
        return at
      },
      pass: () => void pass(),
    }
  }

  #filesAt(look: () => Moment): ReadableFiles {
    const sizeOf = (name: string) => {
      const moment = look()
      const inode = moment.names.get(name)
      return inode && contentAt(moment, inode).length
    }
    return { path: this.path, sizeOf, open: (name) => openAt(this.#inode(look(), name), look) }
  }

  get #now(): Moment {
    return this.#moments.at(-1) ?? { names: new Map(), contents: new Map() }
  }

  #inode({ names }: Moment, name: string): Inode {
    const inode = names.get(name)
    if (inode === undefined) throw new DamageError(`${this.path}/${name}`, 'is missing')
    return inode
  }

  #change(change: (names: Map<string, Inode>, contents: Map<Inode, Buffer>) => void): void {
    this.beforeChange()
    const { names, contents } = this.#now
    const next = { names: new Map(names), contents: new Map(contents) }
    change(next.names, next.contents)
    this.#moments.push(next)
  }

  #rename(from: string, to: string): void {
    this.#change((names) => {
      names.set(to, this.#inode(this.#now, from))
      names.delete(from)
    })
  }

  #create(name: string): NewFile {
    const temporary = `${name}.tmp`
    this.write(temporary, Buffer.alloc(0))
    const inode = this.#inode(this.#now, temporary)
    return {
      append: async (bytes) =>
        this.#change((_, contents) => {
          contents.set(inode, Buffer.concat([contents.get(inode) ?? Buffer.alloc(0), bytes]))
        }),
      finish: async () => this.#rename(temporary, name),
      abandon: async () => this.#change((names) => names.delete(temporary)),
    }
  }

  #openLog(name: string): LogFile {
    const inode = this.#inode(this.#now, name)
    let room = Buffer.alloc(0)
    const put = (from: number, to: number, position: number) =>
      this.#change((_, contents) => {
        const content = Buffer.from(contents.get(inode) ?? Buffer.alloc(0))
        room.copy(content, position + from, from, to)
        contents.set(inode, content)
      })
    return {
      unitBytes: UNIT_BYTES,
      room(bytes) {
        if (room.length < bytes) room = Buffer.alloc(bytes)
        return room
      },
      write: async (bytes, position) => {
        put(0, bytes / 2, position)
        put(bytes / 2, bytes, position)
      },
      close: async () => {},
    }
  }
}

function openAt(inode: Inode, look: () => Moment): ReadableFile {
  return {
    read(bytes, position) {
      const half = Math.floor(bytes.length / 2)
      const first = contentAt(look(), inode).subarray(position, position + half)
      bytes.set(first)
      if (first.length < half) return first.length
      const second = contentAt(look(), inode).subarray(position + half, position + bytes.length)
      bytes.set(second, half)
      return half + second.length
    },
    close: () => {},
  }
}

function contentAt({ contents }: Moment, inode: Inode): Buffer {
  return contents.get(inode) ?? Buffer.alloc(0)
}
