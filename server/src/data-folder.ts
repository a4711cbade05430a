import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from './clock/clock.ts'
import { SEALING_KEY_FILE } from './masks/masks.ts'
import {
  checkFolder,
  dropSigningKeys,
  type FolderReport,
  openFolderRows,
  repairFolder,
} from './store/embedded/embedded.ts'

/** What to print, and whether all is well now. */
export type Conclusion = { readonly text: string; readonly isGood: boolean }

const keptBeside = SEALING_KEY_FILE

/**
 * `rollcall check`: what is good and what is wrong in each file of the store. Changes nothing.
 *
 * @throws Error when a process uses the folder, or when the system refuses
 */
export async function checkData(dataDir: string): Promise<Conclusion> {
  const report = await checkFolder({ dataDir, keptBeside })
  if (isGood(report)) return { text: `${listed(report)}\nNothing is wrong.`, isGood: true }
  return { text: `${listed(report)}\n${advice(report)}`, isGood: false }
}

/**
 * `rollcall repair`: without the flag it only lists what it would give up.
 *
 * @throws Error as `checkData` does
 */
export async function repairData(dataDir: string, dropsDamaged: boolean, clock: Clock): Promise<Conclusion> {
  if (!dropsDamaged) return checkData(dataDir)
  const report = await repairFolder({ dataDir, keptBeside }, clock)
  if (isGood(report))
    return { text: `${listed(report)}\nNothing is wrong; nothing was changed.`, isGood: true }
  const end = 'Repaired. Damaged files are beside the others, with .damaged at the end of their names.'
  return { text: `${listed(report)}\n${givenUp(report, 'Given up')}\n${end}`, isGood: true }
}

/**
 * `rollcall rotate-key`: the keys that signed access tokens until now are gone, and so is every token of theirs.
 * (docs/adr/0047-a-leaked-signing-key.md)
 *
 * @returns what there is to say at the end
 * @throws Error when there is no store, when a process uses it, or when the system refuses
 */
export async function rotateSigningKeys(dataDir: string, clock: Clock): Promise<string> {
  if (!existsSync(join(dataDir, 'store'))) throw new Error(`There is no store in ${dataDir}.`)
  const rows = await openFolderRows({ dataDir, keptBeside, clock })
  const keyIds = await dropSigningKeys(rows).finally(() => rows.close())
  if (keyIds.length === 0) return 'There was no signing key; the server makes one as it starts.\n'
  const lines = keyIds.map((keyId) => `  ${keyId}`)
  return `Gone, with every access token that was signed by them:
${lines.join('\n')}
The server makes a new key as it starts. Sign-ins go on: devices get new access tokens with their refresh tokens.
`
}

function isGood({ findings }: FolderReport): boolean {
  return findings.every((finding) => finding.isGood)
}

function listed({ folder, findings }: FolderReport): string {
  if (findings.length === 0) return `${folder}: no store yet`
  const width = Math.max(...findings.map(({ file }) => file.length))
  const lines = findings.map(
    ({ file, isGood, what }) => `  ${file.padEnd(width)}  ${isGood ? 'good ' : 'WRONG'}  ${what}`,
  )
  return [`${folder}:`, ...lines].join('\n')
}

function advice(report: FolderReport): string {
  return `${givenUp(report, 'Would be given up')}
Restore a backup; or, without one, stop the server, copy the folder, and run \`rollcall repair --drop-damaged\`.`
}

function givenUp({ findings }: FolderReport, title: string): string {
  const lost = findings.flatMap((finding) => finding.lost.map((what) => `  ${finding.file}: ${what}`))
  return lost.length === 0 ? `${title}: nothing.` : [`${title}:`, ...lost].join('\n')
}
