import { styleText } from 'node:util'

/** Where output goes: lines for people on a terminal, one JSON value a line for programs. */
export interface Terminal {
  readonly isForPeople: boolean
  readonly env: { readonly [name: string]: string | undefined }
  /** Aborted when the user wants to stop. */
  readonly stopped: AbortSignal
  /** One result: `value` for programs, `text` for people. */
  show(value: unknown, text: string): void
  /** To stderr: what is no result. */
  complain(text: string): void
  readStdin(): Promise<string>
}

export function processTerminal(): Terminal {
  const stopping = new AbortController()
  const stop = (): void => {
    stopping.abort()
    // Whoever asks twice does not want to wait.
    process.once('SIGINT', () => process.exit(130))
  }
  return {
    isForPeople: process.stdout.isTTY === true,
    env: process.env,
    get stopped() {
      if (process.listenerCount('SIGINT') === 0)
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
      return stopping.signal
    },
    show(value, text) {
      const line = process.stdout.isTTY === true ? text : JSON.stringify(value)
      process.stdout.write(`${line}\n`)
    },
    complain: (text) => void process.stderr.write(`${text}\n`),
    async readStdin() {
      const chunks: Buffer[] = []
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
      return Buffer.concat(chunks).toString('utf8')
    },
  }
}

/**
 * Text from outside, safe on a terminal: control characters would move the cursor, or worse.
 */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return `\\u${code}`
  })
}

export function bold(text: string): string {
  return styleText('bold', plain(text))
}

export function dim(text: string): string {
  return styleText('dim', plain(text))
}

/** Rows under each other, columns as wide as they need to be. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => plain(row[index] ?? '').length)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, index) => plain(cell).padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
