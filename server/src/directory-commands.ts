import { readFile } from 'node:fs/promises'
import {
  addOrganizationAdministrator,
  addServiceClient,
  exportDirectory,
  importDirectory,
  type NewAdministrator,
  type StoredOptions,
} from './auth/auth.ts'
import type { Clock, Random } from './clock/clock.ts'
import { type Configuration, ConfigurationError } from './config/config.ts'
import type { Log } from './observe/observe.ts'
import { withGround } from './server.ts'

type Surroundings = { readonly clock: Clock; readonly random: Random; readonly log: Log }

const SERVICE_CLIENT = 'administrator'

/**
 * `rollcall import-directory FILE`: the file takes the place of the store's directory.
 *
 * @returns what there is to say
 * @throws ConfigurationError; Error naming the place in the file, or that a process uses the store
 */
export async function importFile(
  configuration: Configuration,
  file: string,
  around: Surroundings,
): Promise<string> {
  const text = await readFile(file, 'utf8')
  return withDirectory(configuration, around, async (options) => {
    const { organizations, webhooks, users, clients } = await naming(file, importDirectory(options, text))
    return `Imported: ${organizations} organizations, ${webhooks} webhooks, ${users} users, ${clients} clients.
They take the place of what was there. What was issued to whoever is not the same any more is refused.
`
  })
}

/** `rollcall export-directory`: the store's directory as a file, hashes and the secrets of webhooks in it. */
export function exportFile(configuration: Configuration, around: Surroundings): Promise<string> {
  return withDirectory(configuration, around, exportDirectory)
}

/** `rollcall add-administrator`: somebody who may change the directory over the API and in the console. */
export function addAdministrator(
  configuration: Configuration,
  wanted: {
    readonly organization?: string
    readonly user?: string
    readonly client?: string
  },
  around: Surroundings,
): Promise<string> {
  const { organization: organizationId, user: username, client = SERVICE_CLIENT } = wanted
  if ((organizationId === undefined) !== (username === undefined))
    throw new ConfigurationError('add-administrator', '--organization and --user go together')
  return withDirectory(configuration, around, async (options) =>
    shown(
      organizationId === undefined || username === undefined
        ? await addServiceClient(options, around.random, client)
        : await addOrganizationAdministrator(options, around.random, { organizationId, username }),
    ),
  )
}

function shown({ name, secret, signInClient }: NewAdministrator): string {
  const lines =
    signInClient === undefined
      ? [`client id:     ${name}`, `client secret: ${secret}`]
      : [`user name: ${name}`, `password:  ${secret}`, `client:    ${signInClient}`]
  return `${lines.join('\n')}
It is shown this once. Sign in with it to the console, at /console/.
`
}

async function withDirectory<T>(
  configuration: Configuration,
  { clock, random, log }: Surroundings,
  work: (options: StoredOptions) => Promise<T>,
): Promise<T> {
  if (configuration.directory !== 'store')
    throw new ConfigurationError('DIRECTORY', 'must be store: otherwise the directory is a file')
  return withGround(configuration, { clock, random, log }, ({ store, sealer }) =>
    work({ store: store.directory, sealer, log }),
  )
}

async function naming<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
