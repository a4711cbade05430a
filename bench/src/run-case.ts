import { type Case, type Figures, labelOf, type Peer } from './cases/case.ts'
import type { Lab, Subject } from './lab/lab.ts'
import type { Options } from './options.ts'
import { isInstalled } from './peers/installed.ts'
import { type Contender, type Result, resultOf } from './report/result.ts'
import { spreadOf } from './report/statistics.ts'

type Progress = (text: string) => void

/** All runs of a case; the subjects take turns, so that a change of the machine's mood meets both. */
export async function runCase(lab: Lab, measured: Case, options: Options, say: Progress): Promise<Result> {
  const { name, title, isLong } = measured
  const runs = isLong ? 1 : options.runs
  const subjects: Contender[] = options.subjects.filter((subject) => takesPart(subject, measured))
  const peer = options.withPeers ? found(measured.peer, say) : undefined
  if (peer !== undefined) subjects.push('peer')
  const figures = new Map<Contender, Figures[]>(subjects.map((subject) => [subject, []]))
  try {
    for (let run = 1; run <= runs; run++)
      for (const subject of subjects) {
        say(`${name}, run ${run} of ${runs}, ${subject === 'peer' ? peer?.name : subject} …`)
        figures.get(subject)?.push(await runOnce(lab, measured, subject, options))
      }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    return { name, title: labelOf(title, options.amounts), runs, rows: [], failure }
  }
  const spreads = [...figures].map(
    ([subject, list]) =>
      [
        subject,
        measured.measures.map((_, index) => spreadOf(list.map((values) => values[index] ?? Number.NaN))),
      ] as const,
  )
  return resultOf(measured, { runs, amounts: options.amounts }, new Map(spreads))
}

function takesPart(subject: Subject, { hasReference, onRedis }: Case): boolean {
  if (subject === 'rollcall') return onRedis !== 'only'
  return subject === 'reference' ? hasReference : onRedis !== undefined
}

async function runOnce(lab: Lab, measured: Case, subject: Contender, { amounts }: Options): Promise<Figures> {
  if (subject !== 'peer') return measured.run(lab, subject, amounts)
  if (measured.peer === undefined) throw new Error(`${measured.name} has no peer`)
  return measured.peer.run(lab, amounts)
}

/** One that is missing is skipped, and says so. */
function found(peer: Peer | undefined, say: Progress): Peer | undefined {
  if (peer === undefined || isInstalled(peer)) return peer
  say(`SKIPPED: ${peer.name} is not installed (apt-get install ${peer.debianPackage})`)
  return undefined
}
