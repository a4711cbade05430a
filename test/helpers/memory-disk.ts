import type { Clock } from '../../server/src/clock/clock.ts'
import {
  DamageError,
  type Files,
  type LogFile,
  type NewFile,
  type ReadableFile,
} from '../../server/src/store/embedded/embedded.ts'
import type { Dice } from '../sim/dice.ts'

const UNIT_BYTES = 512
const PATH = '/disk'

/** A file: what a process reads of it, and what a power cut leaves. */
class Inode {
  bytes: Buffer
  durable: Buffer = Buffer.alloc(0)
  readonly id: number

  constructor(bytes: Buffer, id: number) {
    this.bytes = bytes
    this.id = id
  }

  sync(): void {
    this.durable = Buffer.from(this.bytes)
  }
}

export type MemoryDiskOptions = {
  /** With it operations take time, and a crash cuts short what is under way. Default: everything is at once. */
  readonly time?: { readonly clock: Clock; readonly dice: Dice }
  /** Sees all bytes that are written. */
  readonly inspect?: (bytes: Uint8Array) => void
}

/** What a process has open: `die` ends it, and nothing of it reaches the disk any more. */
export type MortalFiles = Files & {
  die(): void
  /** Keeps its writes to the log from the disk, as of a process that stands still just before them, until called back. */
  holdWrites(): () => void
}

/**
 * A disk in memory beneath the store's own engine. What was confirmed survives a crash, what was not may survive in
 * part: sectors of a write that was under way, and names of files up to any one of them.
 */
export class MemoryDisk {
  readonly #options: MemoryDiskOptions
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  /** Changes of names that no sync has seen, in their order. */
  #pending: ((names: Map<string, Inode>) => void)[] = []
  #inodes = 0
  /** Operations that change something fail with this code while set; a write may reach the disk all the same. */
  failing: 'EIO' | 'ENOSPC' | undefined
  /** Nothing ends while it is set. */
  #stalled: { readonly until: Promise<void>; readonly end: () => void } | undefined
  #onDeath = () => {}
  /** Operations that were begun. */
  operations = 0

  constructor(options: MemoryDiskOptions = {}) {
    this.#options = options
  }

  /** All files as they are now, to be changed at will. */
  get files(): Map<string, Buffer> {
    return new Map([...this.#names].map(([name, { bytes }]) => [name, bytes]))
  }

  /** Puts a file there, durable; without bytes it goes. */
  put(name: string, bytes: Uint8Array | undefined): void {
    const inode = bytes && this.#inode(bytes)
    inode?.sync()
    this.#change((names) => void (inode === undefined ? names.delete(name) : names.set(name, inode)))
    this.#settleNames()
  }

  /** The same files on a disk of their own. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk()
    for (const [name, bytes] of this.files) copy.put(name, bytes)
    return copy
  }

  stall(): void {
    let end = () => {}
    const until = new Promise<void>((resolve) => {
      end = resolve
    })
    this.#stalled ??= { until, end }
  }

  goOn(): void {
    this.#stalled?.end()
    this.#stalled = undefined
  }

  /** Runs a process that dies when it begins its next operation after so many. Tells whether it came to its end. */
  async dieAfter(operations: number, run: (files: Files) => Promise<unknown>): Promise<boolean> {
    const files = this.open(operations)
    const died = new Promise<false>((resolve) => {
      this.#onDeath = () => resolve(false)
    })
    return Promise.race([run(files).then(() => true), died])
  }

  /** @param operationsMax after which the process dies */
  open(operationsMax = Number.POSITIVE_INFINITY): MortalFiles {
    const life: Life = { isDead: false, underWay: [], operationsLeft: operationsMax, held: undefined }
    return {
      path: PATH,
      list: () => [...this.#names.keys()],
      sizeOf: (name) => this.#names.get(name)?.bytes.length,
      open: (name) => readable(this.#inodeOf(name)),
      create: (name) => this.#create(life, name),
      openLog: (name) => this.#openLog(life, name),
      rename: (from, to) => this.#operate(life, () => this.#rename(from, to)),
      remove: (name) => this.#operate(life, () => this.#change((names) => void names.delete(name))),
      syncNames: () => this.#operate(life, () => this.#settleNames()),
      identityOf: (name) => this.#names.get(name)?.id.toString(),
      freeBytes: async () => 1e12,
      die: () => this.#die(life),
      holdWrites: () => hold(life),
    }
  }

  #inode(bytes: Uint8Array): Inode {
    return new Inode(Buffer.from(bytes), ++this.#inodes)
  }

  #inodeOf(name: string): Inode {
    const inode = this.#names.get(name)
    if (inode === undefined) throw new DamageError(`${PATH}/${name}`, 'is missing')
    return inode
  }

  #change(change: (names: Map<string, Inode>) => void): void {
    change(this.#names)
    this.#pending.push(change)
  }

  #settleNames(): void {
    for (const change of this.#pending) change(this.#durableNames)
    this.#pending = []
  }

  #rename(from: string, to: string): void {
    const inode = this.#inodeOf(from)
    this.#change((names) => {
      names.delete(from)
      names.set(to, inode)
    })
  }

  /** Carries an operation out, now or in a while. A dead process hears of none. */
  async #operate<T>(life: Life, run: () => T): Promise<T> {
    this.operations++
    if (life.operationsLeft-- <= 0) {
      this.#die(life)
      this.#onDeath()
    }
    await this.#wait()
    if (life.isDead) return new Promise(() => {})
    this.#refuse()
    return run()
  }

  async #wait(): Promise<void> {
    const { time } = this.#options
    if (time !== undefined)
      await new Promise<void>((resolve) => void time.clock.after(time.dice.roll(6), resolve))
    while (this.#stalled !== undefined) await this.#stalled.until
  }

  #refuse(): void {
    if (this.failing === undefined) return
    const text = this.failing === 'EIO' ? 'i/o error' : 'no space left on device'
    throw Object.assign(new Error(`${this.failing}: ${text}`), { code: this.failing })
  }

  async #create(life: Life, name: string): Promise<NewFile> {
    const temporary = `${name}.tmp`
    const inode = await this.#operate(life, () => {
      const made = this.#inode(Buffer.alloc(0))
      this.#change((names) => void names.set(temporary, made))
      return made
    })
    return {
      append: (...pieces) => {
        const own = Buffer.concat(pieces)
        this.#options.inspect?.(own)
        return this.#operate(life, () => {
          inode.bytes = Buffer.concat([inode.bytes, own])
        })
      },
      finish: () =>
        this.#operate(life, () => {
          inode.sync()
          this.#rename(temporary, name)
        }),
      abandon: async () => {
        if (!life.isDead) this.#change((names) => void names.delete(temporary))
      },
    }
  }

  async #openLog(life: Life, name: string): Promise<LogFile> {
    const inode = await this.#operate(life, () => this.#inodeOf(name))
    let room = Buffer.alloc(0)
    return {
      unitBytes: UNIT_BYTES,
      room(bytes) {
        if (room.length < bytes) room = Buffer.alloc(bytes)
        return room
      },
      write: async (bytes, position) => {
        const own = Buffer.from(room.subarray(0, bytes))
        this.#options.inspect?.(own)
        const write: Write = { inode, bytes: own, position }
        await life.held
        life.underWay.push(write)
        try {
          await this.#operate(life, () => carryOut(write))
        } catch (error) {
          // What failed may be there, whole or in part.
          this.#tear(write)
          throw error
        } finally {
          life.underWay = life.underWay.filter((one) => one !== write)
        }
      },
      close: async () => {},
    }
  }

  /** Some of its sectors reach the disk, and the last of them perhaps not whole. */
  #tear(write: Write): void {
    const dice = this.#options.time?.dice
    if (dice === undefined || dice.chance(30)) return
    const bytes = dice.chance(70) ? dice.roll(write.bytes.length) : write.bytes.length
    const skipped = Math.min(bytes, dice.chance(30) ? UNIT_BYTES * dice.roll(2) : 0)
    carryOut({ ...write, bytes: write.bytes.subarray(skipped, bytes), position: write.position + skipped })
  }

  #die(life: Life): void {
    if (life.isDead) return
    life.isDead = true
    for (const write of life.underWay) this.#tear(write)
  }

  /** Every process must be dead. What nobody has synced is gone; of names, what came after any one of them. */
  cutPower(): void {
    const dice = this.#options.time?.dice
    for (const change of this.#pending.slice(0, dice?.roll(this.#pending.length + 1) ?? 0))
      change(this.#durableNames)
    this.#pending = []
    this.#names = new Map(this.#durableNames)
    for (const inode of this.#names.values()) inode.bytes = Buffer.from(inode.durable)
  }
}

type Write = { readonly inode: Inode; readonly bytes: Buffer; readonly position: number }
type Life = {
  isDead: boolean
  underWay: Write[]
  operationsLeft: number
  held: Promise<void> | undefined
}

function hold(life: Life): () => void {
  let release = () => {}
  life.held = new Promise((resolve) => {
    release = resolve
  })
  return () => {
    life.held = undefined
    release()
  }
}

function carryOut({ inode, bytes, position }: Write): void {
  inode.bytes.set(bytes, position)
  inode.durable.set(bytes, position)
}

function readable(inode: Inode): ReadableFile {
  return {
    read: (bytes, position) => inode.bytes.copy(bytes, 0, position, position + bytes.length),
    close: () => {},
  }
}
