import { type Cursor, memtableCursor } from '../disk/cursor.ts'
import type { Files } from '../disk/files.ts'
import { merged } from '../disk/levels.ts'
import { logName, MANIFEST, type Manifest, type RunInfo, runName, writeManifest } from '../disk/manifest.ts'
import type { RowState } from '../disk/memtable.ts'
import { writeRuns } from '../disk/merge.ts'
import { makeLog } from '../disk/supply.ts'
import { TableIds } from '../disk/table-ids.ts'
import { readRun } from './read-run.ts'
import { numberOf, type Survey } from './survey.ts'

/** Above every key. */
const END = '\uffff'
/** What a damaged file is called afterwards: nothing looks at it any more, and nothing removes it. */
export const ASIDE = '.damaged'

export type DropOptions = {
  readonly files: Files
  readonly newStoreId: () => string
  /** Bytes of a part of the log. */
  readonly partBytes: number
}

/**
 * Makes a store of what can be read: the log and the newest runs become one run, damaged runs of lower levels are
 * written anew without what is damaged. One manifest decides; before it nothing has changed. Damaged files are
 * put aside, not removed.
 */
export async function dropDamaged(survey: Survey, options: DropOptions): Promise<void> {
  const { files } = options
  const damaged = survey.findings.filter(({ isGood }) => !isGood).map(({ file }) => file)
  const manifest = survey.manifest ?? emptyManifest(options.newStoreId())
  const writer = new Rewriter(files, manifest)
  const newest = await writer.newest(survey)
  const lower: RunInfo[] = []
  for (const info of manifest.runs.filter(({ level }) => level > 0))
    lower.push(...(damaged.includes(runName(info.number)) ? await writer.without(info) : [info]))
  const number = writer.takeNumber()
  await makeLog(files, number, options.partBytes)
  await putAside(files, damaged.includes(MANIFEST) ? [MANIFEST] : [])
  const { nextCommit } = survey.log
  await writeManifest(files, {
    ...manifest,
    tables: new TableIds(manifest.tables).names,
    epoch: manifest.epoch + 1,
    nextFile: number + 1,
    logs: [{ number, bytes: options.partBytes }],
    firstCommit: nextCommit,
    lastCommit: nextCommit - 1,
    runs: [...newest, ...lower],
    isBeingRepaired: true,
  })
  await putAside(
    files,
    damaged.filter((name) => name !== MANIFEST),
  )
  await removeReplaced(files, [logName(number), ...[...newest, ...lower].map((run) => runName(run.number))])
}

function emptyManifest(storeId: string): Manifest {
  return { storeId, epoch: 0, tables: [], nextFile: 1, logs: [], firstCommit: 1, runs: [] }
}

class Rewriter {
  readonly #files: Files
  readonly #manifest: Manifest
  #next: number

  constructor(files: Files, manifest: Manifest) {
    this.#files = files
    this.#manifest = manifest
    const used = files.list().flatMap((name) => numberOf(name) ?? [])
    this.#next = Math.max(manifest.nextFile, ...used.map((number) => number + 1))
  }

  takeNumber(): number {
    return this.#next++
  }

  /** The log and all runs of level 0 as one run, with all removals: what they remove may be in a lower level. */
  newest({ log }: Survey): Promise<readonly RunInfo[]> {
    const level0 = this.#manifest.runs.filter(({ level }) => level === 0).sort((a, b) => b.number - a.number)
    const tables = log.tables.map((table) => memtableCursor(table, '', END)).reverse()
    return this.#write(0, merged([...tables, ...level0.map((info) => this.#rowsOf(info))]))
  }

  /** A run without what is damaged in it. */
  without(info: RunInfo): Promise<readonly RunInfo[]> {
    return this.#write(info.level, this.#rowsOf(info))
  }

  #rowsOf(info: RunInfo): Cursor {
    const rows: [key: string, value: RowState][] = []
    readRun(this.#files, info, this.#manifest, (key, value) => rows.push([key, value && Buffer.from(value)]))
    return listCursor(rows)
  }

  #write(level: number, rows: Cursor): Promise<readonly RunInfo[]> {
    const { storeId } = this.#manifest
    const target = { storeId, level, older: [[['', END] as const]], fences: [] }
    return writeRuns(
      this.#files,
      { ...target, runBytes: Number.POSITIVE_INFINITY, firstNumber: this.takeNumber() },
      rows,
    )
  }
}

function listCursor(rows: readonly (readonly [key: string, value: RowState])[]): Cursor {
  let place = 0
  return {
    get key() {
      return rows[place]?.[0]
    },
    value: () => rows[place]?.[1],
    isRemoved: () => rows[place]?.[1] === undefined,
    next: () => void place++,
  }
}

async function putAside(files: Files, names: readonly string[]): Promise<void> {
  for (const name of names) if (files.sizeOf(name) !== undefined) await files.rename(name, `${name}${ASIDE}`)
}

async function removeReplaced(files: Files, kept: readonly string[]): Promise<void> {
  for (const name of files.list())
    if (numberOf(name) !== undefined && !kept.includes(name)) await files.remove(name)
  await files.syncNames()
}
