import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Line } from './lines.ts'

/** Writes lines into a file as JSON. */
export function writeHistory(path: string): { write(line: Line): void; close(): Promise<void> } {
  const file = createWriteStream(path)
  // The error that is never listened for ends the process; `close` gives it to whoever wrote.
  const done = finished(file)
  done.catch(() => undefined)
  return {
    write: (line) => void file.write(`${JSON.stringify(line)}\n`),
    close: () => {
      file.end()
      return done
    },
  }
}
