import { readFileSync } from 'node:fs'
import { type Profiler, Session } from 'node:inspector/promises'
import { findSourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Rooms that carry what comes in from where it is read to where it goes out; below them is the ground, beside them who may. */
const FLOW = /^server\/src\/(?:http|mqtt|delivery|registrar)\//

/** Which files of the server have functions that ran, as V8 counts them in this process. */
export class Walk {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  }

  /** The files of which a function ran since the last look, but for those of the storage engine. */
  async files(): Promise<readonly string[]> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    const names = result
      .flatMap(sourcesThatRan)
      .flatMap((url) => /\/(server\/src\/.+\.ts)$/.exec(url)?.[1] ?? [])
    return [...new Set(names)].filter((name) => !name.startsWith('server/src/store/embedded/')).sort()
  }

  stop(): void {
    this.#session.disconnect()
  }
}

export function ofTheFlow(files: readonly string[]): readonly string[] {
  return files.filter((file) => FLOW.test(file))
}

/** Addresses of the sources of the functions that ran: a script is one source, or bundled of many. */
function sourcesThatRan({ url, functions }: Profiler.ScriptCoverage): readonly string[] {
  const ran = functions.flatMap(({ ranges: [range] }) =>
    range !== undefined && range.count > 0 ? range : [],
  )
  if (ran.length === 0 || url.endsWith('.ts')) return ran.length === 0 ? [] : [url]
  const map = url.startsWith('file:') ? findSourceMap(url) : undefined
  if (map === undefined) return []
  const lineStarts = startsOfLines(readFileSync(fileURLToPath(url), 'utf8'))
  return ran.flatMap(({ startOffset }) => {
    const line = lineStarts.findLastIndex((start) => start <= startOffset)
    const entry = map.findEntry(line, startOffset - (lineStarts[line] ?? 0))
    return 'originalSource' in entry ? [entry.originalSource] : []
  })
}

function startsOfLines(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
}
