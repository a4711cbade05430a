import { DamageError } from '../disk/damage.ts'
import type { ReadableFile, ReadableFiles } from '../disk/files.ts'

/** LMDB's file, as its `mdb.c` lays it out: two meta pages, of which the newer counts, and trees of pages. */
const HEAD_BYTES = 24
const META_BYTES = 168
const PAGE_BYTES_MIN = 512
const PAGE_BYTES_MAX = 65_536
const MAGIC = 0xbeefc0de
const VERSION = 2
const BRANCH = 1
const LEAF = 2
const OVERFLOW = 4
const META = 8
const NODE_BYTES = 8
/** Flags of a leaf's node: its data lies in pages of its own, or describes another tree. */
const IN_PAGES = 1
const TREE = 2
/** Where in the description of a tree its root is, and how long that is. */
const ROOT_AT = 40
const TREE_BYTES = 48
const NO_ROOT = 0xffff_ffff_ffff_ffffn
/** No tree of this is deeper: LMDB's own bound. */
const DEPTH_MAX = 32

type Meta = { readonly pageBytes: number; readonly root: bigint; readonly transaction: bigint }

/**
 * Looks through the data file of the last release before LMDB maps it: that takes every page for what it should be,
 * and a file that is cut short or has a wrong page ends the process without a word (SIGBUS, SIGSEGV).
 *
 * @throws DamageError
 */
export function assertOldPages(files: ReadableFiles, name: string): void {
  const fileBytes = files.sizeOf(name) ?? 0
  const path = `${files.path}/${name}`
  if (fileBytes === 0) throw new DamageError(path, 'is empty')
  const file = files.open(name)
  try {
    new OldPages(file, path, fileBytes).check()
  } finally {
    file.close()
  }
}

class OldPages {
  readonly #file: ReadableFile
  readonly #path: string
  readonly #fileBytes: number
  #pageBytes = 0
  #pages = 0n
  #visited = 0

  constructor(file: ReadableFile, path: string, fileBytes: number) {
    this.#file = file
    this.#path = path
    this.#fileBytes = fileBytes
  }

  check(): void {
    const first = this.#meta(0)
    const second = this.#meta(first.pageBytes)
    if (second.pageBytes !== first.pageBytes)
      this.#refuse('has two first pages that differ in the size of pages')
    this.#pageBytes = first.pageBytes
    this.#pages = BigInt(Math.floor(this.#fileBytes / first.pageBytes))
    this.#checkTree((first.transaction >= second.transaction ? first : second).root, 0)
  }

  #meta(at: number): Meta {
    const bytes = Buffer.alloc(META_BYTES)
    const isWhole = this.#file.read(bytes, at) === bytes.length
    const pageBytes = bytes.readUInt32LE(48)
    const isSize =
      pageBytes >= PAGE_BYTES_MIN && pageBytes <= PAGE_BYTES_MAX && (pageBytes & (pageBytes - 1)) === 0
    const isMeta = (bytes.readUInt16LE(18) & META) !== 0 && bytes.readUInt32LE(HEAD_BYTES) === MAGIC
    if (!isWhole || !isMeta || !isSize)
      this.#refuse(`is damaged at byte ${at}: that is no first page of such a file`)
    if ((bytes.readUInt32LE(28) & 0xffff) !== VERSION) this.#refuse('was not written by the last release')
    return { pageBytes, root: bytes.readBigUInt64LE(136), transaction: bytes.readBigUInt64LE(152) }
  }

  #checkTree(root: bigint, depth: number): void {
    if (root !== NO_ROOT) this.#checkPage(root, depth)
  }

  #checkPage(number: bigint, depth: number): void {
    if (depth > DEPTH_MAX || ++this.#visited > this.#pages)
      this.#refuse(`is damaged: page ${number} is part of itself`)
    const page = this.#page(number, this.#pageBytes)
    const kind = page.readUInt16LE(18) & (BRANCH | LEAF | OVERFLOW | META)
    if (kind !== BRANCH && kind !== LEAF) this.#refuseAt(number)
    // Places in a page are counted from the end of its head.
    const end = HEAD_BYTES + page.readUInt16LE(20)
    if (end > page.length || end % 2 !== 0) this.#refuseAt(number)
    for (let at = HEAD_BYTES; at < end; at += 2) {
      const node = HEAD_BYTES + page.readUInt16LE(at)
      if (node < end || node + NODE_BYTES > page.length) this.#refuseAt(number)
      if (kind === BRANCH) this.#checkPage(childOf(page, node), depth + 1)
      else this.#checkLeaf(page, node, number, depth)
    }
  }

  #checkLeaf(page: Buffer, node: number, number: bigint, depth: number): void {
    const bytes = page.readUInt32LE(node)
    const flags = page.readUInt16LE(node + 4)
    const data = node + NODE_BYTES + page.readUInt16LE(node + 6)
    const isInPages = (flags & IN_PAGES) !== 0
    if (data + (isInPages ? 8 : bytes) > page.length) this.#refuseAt(number)
    if (isInPages) this.#checkOverflow(page.readBigUInt64LE(data), bytes)
    else if ((flags & TREE) !== 0) {
      if (bytes < TREE_BYTES) this.#refuseAt(number)
      this.#checkTree(page.readBigUInt64LE(data + ROOT_AT), depth + 1)
    }
  }

  #checkOverflow(number: bigint, bytes: number): void {
    const head = this.#page(number, HEAD_BYTES)
    const pages = head.readUInt32LE(20)
    const isOverflow = (head.readUInt16LE(18) & OVERFLOW) !== 0
    if (!isOverflow || pages * this.#pageBytes < HEAD_BYTES + bytes) this.#refuseAt(number)
    if (number + BigInt(pages) > this.#pages) this.#refuseShort()
  }

  /** The first bytes of a page, which says itself which it is. */
  #page(number: bigint, bytes: number): Buffer {
    if (number >= this.#pages) this.#refuseShort()
    const page = Buffer.allocUnsafe(bytes)
    if (this.#file.read(page, Number(number) * this.#pageBytes) < bytes) this.#refuseShort()
    if (number < 2n || page.readBigUInt64LE(0) !== number) this.#refuseAt(number)
    return page
  }

  #refuseAt(number: bigint): never {
    return this.#refuse(
      `is damaged at byte ${number * BigInt(this.#pageBytes)}: the page there is not what was written`,
    )
  }

  #refuseShort(): never {
    return this.#refuse(`has lost its end: it has ${this.#fileBytes} bytes, and refers to pages after them`)
  }

  #refuse(what: string): never {
    throw new DamageError(this.#path, what)
  }
}

function childOf(page: Buffer, node: number): bigint {
  return BigInt(page.readUInt32LE(node)) | (BigInt(page.readUInt16LE(node + 4)) << 32n)
}
