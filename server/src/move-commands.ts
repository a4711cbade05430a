import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Random } from './clock/clock.ts'
import { type Configuration, ConfigurationError } from './config/config.ts'
import { keyIdIn, SEALING_KEY_FILE } from './masks/masks.ts'
import { type Log, productVersion } from './observe/observe.ts'
import { openSecrets, redisSettings } from './redis-settings.ts'
import { folderPlace, openFolderRows, rowsSource } from './store/embedded/embedded.ts'
import { exportStore, importStore, type MovePlace, type MoveReport, type MoveSource } from './store/store.ts'

type Surroundings = { readonly clock: Clock; readonly random: Random; readonly log: Log }

const keptBeside = SEALING_KEY_FILE

/**
 * `rollcall export-store FILE`: everything that a restart keeps, from where the configuration says that it is.
 * (docs/adr/0079-from-one-store-to-another.md)
 *
 * @returns what there is to say
 * @throws Error where a server runs, there is nothing, or the file is there
 */
export async function exportToFile(
  configuration: Configuration,
  file: string,
  around: Surroundings,
): Promise<string> {
  const source = await openSource(configuration, around)
  try {
    const report = await exportStore(source, { file, product: productVersion(), ...around })
    return `Exported to ${file}, for its owner alone (0600):
${listed(report)}
What was masked, and the keys that sign tokens, are sealed in it: a target needs the same SEALING_KEY, or sealing.key.
Everything else in it is readable: keep it as you keep a backup, and remove it when it was imported.
`
  } finally {
    await source.close()
  }
}

/**
 * `rollcall import-store FILE`: fills an empty store, where the configuration says that it is to be.
 *
 * @returns what there is to say
 * @throws Error where it is not empty, a server runs, a key is missing, or the file is not whole
 */
export async function importFromFile(
  configuration: Configuration,
  file: string,
  around: Surroundings,
): Promise<string> {
  assertKey(configuration)
  const { keyIds } = await openSecrets(configuration, around.random)
  const place = await openPlace(configuration, around)
  try {
    const report = await importStore(place, { file, keyIds, keyIdOf: keyIdIn, ...around })
    return `Imported:
${listed(report)}
Start the server. Everybody has a minute to be heard, as after any start.
`
  } finally {
    await place.close()
  }
}

async function openSource(
  configuration: Configuration,
  { clock, random, log }: Surroundings,
): Promise<MoveSource> {
  const { dataDir } = configuration
  if (configuration.redisUrl === undefined) {
    if (!existsSync(join(dataDir, 'store'))) throw new Error(`There is no store in ${dataDir}.`)
    assertKey(configuration)
    const { secrets } = await openSecrets(configuration, random)
    return rowsSource(await openFolderRows({ dataDir, keptBeside, clock, log }), secrets.conceal)
  }
  const { redisSource } = await import('./store/redis/redis.ts')
  return redisSource(await redisOptions(configuration, { clock, random, log }))
}

async function openPlace(
  configuration: Configuration,
  { clock, random, log }: Surroundings,
): Promise<MovePlace> {
  const { dataDir } = configuration
  if (configuration.redisUrl === undefined) {
    const { secrets } = await openSecrets(configuration, random)
    return folderPlace({ dataDir, clock, log, secrets })
  }
  const { redisPlace } = await import('./store/redis/redis.ts')
  return redisPlace(await redisOptions(configuration, { clock, random, log }))
}

async function redisOptions(configuration: Configuration, { clock, random, log }: Surroundings) {
  const settings = await redisSettings(configuration, random)
  if (settings === undefined) throw new ConfigurationError('REDIS_URL', 'is not set')
  const { placeOf } = await import('./store/redis/redis.ts')
  const { url, ca, secrets: _, ...options } = settings
  return { ...options, address: placeOf(url, ca), id: random.bytes(6).toString('base64url'), clock, log }
}

/** One that is made here is not the one that anything was sealed with. */
function assertKey({ sealingKey, dataDir }: Configuration): void {
  if (sealingKey !== undefined || existsSync(join(dataDir, SEALING_KEY_FILE))) return
  throw new ConfigurationError(
    'SEALING_KEY',
    `is needed, or the source's ${SEALING_KEY_FILE} in ${dataDir}: with it masked events and signing keys are sealed`,
  )
}

function listed({ counts, items, sha256 }: MoveReport): string {
  const lines = Object.entries(counts).map(([kind, count]) => `  ${String(count).padStart(9)} ${kind}`)
  return [...lines, `  ${String(items).padStart(9)} in all, sha256 ${sha256}`].join('\n')
}
