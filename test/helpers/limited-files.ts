import type { Files } from '../../server/src/store/embedded/embedded.ts'

/** What a folder's disk refuses on request. */
export type DiskFaults = {
  /** Bytes that its files may have together. */
  bytesMax: number
  /** Others take what is left. */
  fillUp(): void
  /** What writes to the log reject with; `undefined`: they work. */
  logFailure: NodeJS.ErrnoException | undefined
  /** What new runs reject with; `undefined`: they are made. */
  runFailure: NodeJS.ErrnoException | undefined
}

/** A real folder on a disk that can be small, or refuse. */
export function limitedFiles(files: Files): { readonly files: Files; readonly faults: DiskFaults } {
  let unfinished = 0
  const used = () => files.list().reduce((sum, name) => sum + sizeOf(name), unfinished)
  const sizeOf = (name: string) => (name.endsWith('.tmp') ? 0 : (files.sizeOf(name) ?? 0))
  const faults: DiskFaults = {
    bytesMax: Number.POSITIVE_INFINITY,
    logFailure: undefined,
    runFailure: undefined,
    fillUp() {
      faults.bytesMax = used()
    },
  }
  return {
    faults,
    files: {
      ...files,
      freeBytes: async () => Math.max(0, faults.bytesMax - used()),
      async create(name) {
        if (faults.runFailure !== undefined && name.endsWith('.rows')) throw faults.runFailure
        const file = await files.create(name)
        let written = 0
        const over = (): void => {
          unfinished -= written
          written = 0
        }
        return {
          async append(...pieces) {
            const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
            if (used() + bytes > faults.bytesMax) throw errno('ENOSPC')
            written += bytes
            unfinished += bytes
            await file.append(...pieces)
          },
          finish: () => file.finish().finally(over),
          abandon: () => file.abandon().finally(over),
        }
      },
      async openLog(name) {
        const file = await files.openLog(name)
        return {
          unitBytes: file.unitBytes,
          room: (bytes) => file.room(bytes),
          async write(bytes, position) {
            if (faults.logFailure !== undefined) throw faults.logFailure
            await file.write(bytes, position)
          },
          close: () => file.close(),
        }
      },
    },
  }
}

export function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: as the test wants it`), { code })
}
