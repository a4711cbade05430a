import { list, text } from './connection/answers.ts'
import type { Functions } from './connection/functions.ts'
import { CONTROL } from './connection/partitions.ts'
import { SetupError } from './connection/setup.ts'

/** Version of everything in Redis. Raised when an older program could not read it any more. */
const FORMAT = 1

/** What the whole store is, written once. */
export type Meta = {
  readonly partitions: number
  /** Names the sealing keys that were used, newest first; empty for none. */
  readonly fingerprints: readonly string[]
  /** The wall clock's earliest time when it was last heard of. */
  readonly earliestWallMs: number | undefined
}

/** In the place of the format: a store that is being filled. No version of the service opens it. */
export const IMPORTING = 'importing'

function assertWhole(found: ReadonlyMap<string, string>): void {
  if (found.get('format') === IMPORTING)
    throw new SetupError(
      'An import into this Redis has not come to its end. Run it again, or empty what begins with REDIS_PREFIX.',
    )
}

/** Writes what a new store is, or checks that it is what is expected. */
export async function settleMeta(
  functions: Functions,
  wanted: { readonly partitions: number; readonly fingerprints: readonly string[] },
): Promise<Meta> {
  const found = await readMeta(functions)
  if (found.size === 0) {
    const fields = ['format', FORMAT, 'partitions', wanted.partitions, 'sealing', wanted.fingerprints.join()]
    await functions.call('quick', 'meta', CONTROL, fields)
    return { ...wanted, earliestWallMs: undefined }
  }
  assertWhole(found)
  const format = Number(found.get('format'))
  if (format !== FORMAT)
    throw new SetupError(
      `Redis has data of format ${format}; this version of Rollcall reads format ${FORMAT}. Start the version that wrote it.`,
    )
  const partitions = Number(found.get('partitions'))
  if (partitions !== wanted.partitions)
    throw new SetupError(`Redis has data in ${partitions} partitions; ${wanted.partitions} are asked for.`)
  const fingerprints = (found.get('sealing') ?? '').split(',').filter((one) => one !== '')
  await assertSealing(functions, fingerprints, wanted.fingerprints)
  const earliest = found.get('earliest')
  return { partitions, fingerprints, earliestWallMs: earliest === undefined ? undefined : Number(earliest) }
}

/** Whatever was sealed must be opened: a key may be added in front, and none be missing. */
async function assertSealing(
  functions: Functions,
  known: readonly string[],
  given: readonly string[],
): Promise<void> {
  const [newest] = known
  if (newest !== undefined && !given.includes(newest))
    throw new SetupError(
      'What is in Redis was sealed with a key that is not among SEALING_KEYS. Add it behind the newest, or name another REDIS_PREFIX.',
    )
  if (given.join() !== known.join()) await functions.call('quick', 'meta', CONTROL, ['sealing', given.join()])
}

export async function readMeta(functions: Functions): Promise<ReadonlyMap<string, string>> {
  const rows = list(await functions.call('quick', 'meta', CONTROL)).map(text)
  const pairs = Array.from({ length: rows.length / 2 }, (_, index) => [rows[2 * index], rows[2 * index + 1]])
  return new Map(pairs.map(([field = '', value = '']) => [field, value]))
}
