import { Session } from 'node:inspector/promises'

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
    const ran = result.filter(({ functions }) => functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0))
    const names = ran.flatMap(({ url }) => /\/(server\/src\/.+\.ts)$/.exec(url)?.[1] ?? [])
    return [...new Set(names)].filter((name) => !name.startsWith('server/src/store/embedded/')).sort()
  }

  stop(): void {
    this.#session.disconnect()
  }
}

export function ofTheFlow(files: readonly string[]): readonly string[] {
  return files.filter((file) => FLOW.test(file))
}
