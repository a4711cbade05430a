import { parentPort, workerData } from 'node:worker_threads'
import { DamageError } from './damage.ts'
import type { RunInfo } from './manifest.ts'
import { type MergeJob, merge } from './merge.ts'
import { nodeFiles } from './node-files.ts'

export type Question = { readonly id: number; readonly job: MergeJob }

/** Errors lose their class on the way from thread to thread. */
export type Answer = {
  readonly id: number
  readonly runs?: readonly RunInfo[]
  readonly failure?: {
    readonly message: string
    readonly code?: string
    readonly file?: string
    readonly what: string
  }
}

const files = nodeFiles(String(workerData))

parentPort?.on('message', ({ id, job }: Question) => {
  merge(files, job).then(
    (runs) => answer({ id, runs }),
    (error: unknown) => answer({ id, failure: failureOf(error) }),
  )
})

function answer(answer: Answer): void {
  parentPort?.postMessage(answer)
}

function failureOf(error: unknown): NonNullable<Answer['failure']> {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof DamageError) return { message, file: error.file, what: error.what }
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return { message, what: '', ...(typeof code === 'string' ? { code } : {}) }
}
