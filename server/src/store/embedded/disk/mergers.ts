import { Worker } from 'node:worker_threads'
import { DamageError } from './damage.ts'
import type { Files } from './files.ts'
import type { RunInfo } from './manifest.ts'
import { type MergeJob, type Merger, merge } from './merge.ts'
import type { Answer, Question } from './merge-worker.ts'

/** Merges in a thread where the program is built; its sources, which no thread can load by itself, merge here. */
export function mergerFor(files: Files): Merger {
  return import.meta.url.endsWith('.js') ? new WorkerMerger(files.path) : inlineMerger(files)
}

/** Merges here and now, for tests and the simulation. */
export function inlineMerger(files: Files): Merger {
  return { merge: (job) => merge(files, job), close: async () => {} }
}

type Waiting = { resolve(runs: readonly RunInfo[]): void; reject(error: unknown): void }

/** Merges in a thread of its own, which begins with the first merge: reading and sorting would hold up everybody. */
class WorkerMerger implements Merger {
  readonly #folder: string
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #asked = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  merge(job: MergeJob): Promise<readonly RunInfo[]> {
    this.#worker ??= this.#start()
    const worker = this.#worker
    const id = ++this.#asked
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      worker.postMessage({ id, job } satisfies Question)
    })
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(new URL('./merge-worker.js', import.meta.url), {
      workerData: this.#folder,
    })
    worker.unref()
    worker.on('message', (answer: Answer) => this.#settle(answer))
    worker.on('error', (error) => this.#end(error))
    worker.on('exit', () => this.#end(new Error('the merging thread has ended')))
    return worker
  }

  #settle({ id, runs, failure }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (runs !== undefined) waiting?.resolve(runs)
    else
      waiting?.reject(
        failure?.file === undefined ? errorOf(failure) : new DamageError(failure.file, failure.what),
      )
  }

  /** Whoever waits is told; the next merge gets a new thread. */
  #end(error: unknown): void {
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

function errorOf(failure: Answer['failure']): Error {
  return Object.assign(
    new Error(failure?.message ?? ''),
    failure?.code === undefined ? {} : { code: failure.code },
  )
}
