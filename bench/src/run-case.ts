import type { Case, Figures } from './cases/case.ts'
import type { Lab, Subject } from './lab/lab.ts'
import type { Options } from './options.ts'
import { type Result, resultOf } from './report/result.ts'
import { spreadOf } from './report/statistics.ts'

type Progress = (text: string) => void

/** All runs of a case; the subjects take turns, so that a change of the machine's mood meets both. */
export async function runCase(lab: Lab, measured: Case, options: Options, say: Progress): Promise<Result> {
  const { name, title, hasReference, isLong } = measured
  const runs = isLong ? 1 : options.runs
  const subjects = options.subjects.filter((subject) => hasReference || subject === 'rollcall')
  const figures = new Map<Subject, Figures[]>(subjects.map((subject) => [subject, []]))
  try {
    for (let run = 1; run <= runs; run++)
      for (const subject of subjects) {
        say(`${name}, run ${run} of ${runs}, ${subject} …`)
        figures.get(subject)?.push(await measured.run(lab, subject, options.amounts))
      }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    return { name, title, runs, rows: [], failure }
  }
  const spreads = [...figures].map(
    ([subject, list]) =>
      [
        subject,
        measured.measures.map((_, index) => spreadOf(list.map((values) => values[index] ?? Number.NaN))),
      ] as const,
  )
  return resultOf(measured, runs, new Map(spreads))
}
