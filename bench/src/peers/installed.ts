import { existsSync } from 'node:fs'
import type { Peer } from '../cases/case.ts'

export function isInstalled({ files }: Pick<Peer, 'files'>): boolean {
  return files.every((file) => existsSync(file))
}
