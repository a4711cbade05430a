import type { Clock } from '../../../clock/clock.ts'
import { openDiskRows } from '../disk/disk-rows.ts'
import type { Files } from '../disk/files.ts'
import { readManifest, writeManifest } from '../disk/manifest.ts'
import { inlineMerger } from '../disk/mergers.ts'
import { SIZES, type Sizes } from '../disk/sizes.ts'
import { dropDamaged } from './drop-damaged.ts'
import type { Finding } from './finding.ts'
import { reconcile } from './reconcile.ts'
import { type Survey, surveyStore } from './survey.ts'

export type RepairOptions = {
  readonly files: Files
  readonly clock: Clock
  readonly newStoreId: () => string
  /** Default: `SIZES`. */
  readonly sizes?: Sizes
}

/** What is good and what is wrong in a store that nobody has open. */
export function findingsIn(files: Files): readonly Finding[] {
  return surveyStore(files).findings
}

/**
 * Gives up what cannot be read, and makes a store of the rest that starts. A crash at any point is survived:
 * doing it again goes on.
 *
 * @returns what was found; where all of it is good, nothing was changed
 */
export async function repairStore(options: RepairOptions): Promise<readonly Finding[]> {
  const { files, sizes = SIZES } = options
  const survey: Survey = surveyStore(files)
  if (survey.findings.every(({ isGood }) => isGood)) return survey.findings
  await dropDamaged(survey, { ...options, partBytes: sizes.firstPartBytes })
  const rows = await openDiskRows({ ...options, merger: inlineMerger(files), isRepair: true })
  try {
    await reconcile(rows, options.clock.wallMs())
  } finally {
    await rows.close()
  }
  await finish(files)
  return survey.findings
}

async function finish(files: Files): Promise<void> {
  const manifest = readManifest(files)
  if (manifest === undefined) throw new Error(`${files.path} was removed while it was repaired.`)
  await writeManifest(files, { ...manifest, isBeingRepaired: false })
}
