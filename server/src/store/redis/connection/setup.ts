import type { Library } from './library.ts'
import type { Run } from './session.ts'
import type { Kind } from './topology/plan.ts'
import type { Answer, Wire } from './wire.ts'

/** Redis cannot be used as it is configured; says what is to be changed. Trying again does not help. */
export class SetupError extends Error {}

const VERSION_MIN = 7

/** Which run of which Redis it is, and all that it says of itself. */
export type Prepared = { readonly run: Run; readonly info: ReadonlyMap<string, string> }

/** Looks whether this Redis will keep what it is given, and gives it the library where it is not there. */
export async function prepare(wire: Wire, library: Library, kind: Kind): Promise<Prepared> {
  const info = readInfo(String(await asked(wire, 'INFO', [])))
  if (info.get('loading') === '1') throw new Error('Redis is reading what it has on disk.')
  const version = info.get('redis_version') ?? '0'
  if (Number.parseInt(version, 10) < VERSION_MIN)
    throw new SetupError(
      `This is Redis ${version}; Rollcall needs Redis ${VERSION_MIN}.0 or newer, which has functions.`,
    )
  assertKeeps(info)
  if (info.get('role') === 'slave') {
    // Whoever named it as a primary knows better soon.
    if (kind !== 'single') throw new Error('This Redis is a replica.')
    throw new SetupError('This Redis is a replica, which takes no writes. Name its primary in REDIS_URL.')
  }
  if (kind === 'sentinel' && info.get('cluster_enabled') === '1')
    throw new SetupError(
      'The sentinels name a node of a Redis Cluster. Name its nodes in REDIS_URL by redis://.',
    )
  await loadInto(wire, library)
  return { run: { id: info.get('run_id') ?? '', history: info.get('master_replid') ?? '' }, info }
}

/** Whether it still keeps what it is given: that can be changed while it is used. Resolves with how many replicas are up. */
export async function checkAgain(wire: Wire): Promise<number> {
  const info = readInfo(String(await asked(wire, 'INFO', ['memory', 'replication'])))
  assertKeeps(info)
  return [...info].filter(([name, value]) => /^slave\d+$/.test(name) && value.includes(',state=online,'))
    .length
}

function assertKeeps(info: ReadonlyMap<string, string>): void {
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction')
    throw new SetupError(
      `Redis has maxmemory-policy ${policy} and would throw away registrations and events. Set "maxmemory-policy noeviction".`,
    )
}

/** Where it is there already nothing is done. */
export async function loadInto(wire: Wire, library: Library): Promise<void> {
  try {
    const found = await wire.send('FUNCTION', ['LIST', 'LIBRARYNAME', library.name])
    if (Array.isArray(found) && found.length > 0) return
    await wire.send('FUNCTION', ['LOAD', library.source])
  } catch (error) {
    const { message } = error as Error
    if (message.includes('already exists')) return
    if (message.startsWith('NOPERM') || message.includes('unknown command'))
      throw new SetupError(
        `Redis refuses Rollcall's functions: ${message}. Its user needs FUNCTION LOAD and FCALL.`,
      )
    if (message.startsWith('ERR '))
      throw new SetupError(`Redis does not take Rollcall's functions: ${message}`)
    throw error
  }
}

async function asked(wire: Wire, command: string, args: readonly string[]): Promise<Answer> {
  try {
    return await wire.send(command, args)
  } catch (error) {
    throw namingUser(error)
  }
}

/** What Node says of a certificate that it does not believe. */
const DISTRUST = /CERT|ISSUER|VERIFY|ALTNAME/

/** A user that is refused once is refused again, and so is a certificate. */
export function namingUser(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof Error && DISTRUST.test(code))
    return new SetupError(
      `Redis's certificate is not believed: ${error.message}. REDIS_CA_FILE says whose is.`,
    )
  if (!(error instanceof Error) || !/^(NOAUTH|NOPERM|WRONGPASS|ERR AUTH)/.test(error.message)) return error
  return new SetupError(`Redis refuses the user or the password of REDIS_URL: ${error.message}`)
}

/** What `INFO` says, by its names. */
export function readInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
}
