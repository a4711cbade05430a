import type { ReadableFiles } from './files.ts'

/** All bytes of a file. */
export function readWhole(files: ReadableFiles, name: string): Buffer {
  const bytes = Buffer.allocUnsafe(files.sizeOf(name) ?? 0)
  const file = files.open(name)
  try {
    return bytes.subarray(0, file.read(bytes, 0))
  } finally {
    file.close()
  }
}
