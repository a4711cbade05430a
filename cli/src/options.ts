import { parseArgs } from 'node:util'
import { type GetToken, type Grant, tokenSource } from '@rollcall/client/client'
import { EXIT, UsageError } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

/** Options that every command which talks to a server has. */
const SERVER_OPTIONS = {
  url: { type: 'string' },
  client: { type: 'string' },
  'client-secret': { type: 'string' },
  user: { type: 'string' },
  password: { type: 'string' },
  token: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options

/** Their names as they are given. */
export const SERVER_OPTION_NAMES: readonly string[] = Object.keys(SERVER_OPTIONS)
  .filter((name) => name !== 'help')
  .map((name) => `--${name}`)

export type Given = {
  readonly positionals: readonly string[]
  text(name: string): string | undefined
  flag(name: string): boolean
  all(name: string): readonly string[]
  /** @throws UsageError */
  integer(name: string, min: number, max: number): number | undefined
}

/**
 * Reads a command's arguments.
 *
 * @returns `undefined` where only help was asked for, and given
 * @throws UsageError
 */
export function readArgs(args: readonly string[], usage: string, own: Options): Given | undefined {
  const parsed = parse(args, usage, { ...SERVER_OPTIONS, ...own })
  const values = new Map(Object.entries(parsed.values))
  if (values.get('help') === true) {
    process.stdout.write(`${usage}\n`)
    return undefined
  }
  const text = (name: string): string | undefined => {
    const value = values.get(name)
    return typeof value === 'string' ? value : undefined
  }
  return {
    positionals: parsed.positionals,
    text,
    flag: (name) => values.get(name) === true,
    all: (name) => [values.get(name) ?? []].flat().map(String),
    integer(name, min, max) {
      const value = text(name)
      if (value === undefined) return undefined
      const number = Number(value)
      if (/^\d+$/.test(value) && number >= min && number <= max) return number
      throw new UsageError(`--${name} must be an integer from ${min} to ${max}\n${usage}`)
    },
  }
}

function parse(args: readonly string[], usage: string, options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
  }
}

export const HELPED = EXIT.fine

/** Base URL of the server. */
export function urlOf(given: Given, terminal: Terminal): string {
  return given.text('url') ?? fromEnvironment('url', terminal) ?? 'http://127.0.0.1:8080'
}

/** A path with the organization that was named, if any. */
export function withOrganization(path: string, given: Given): string {
  const organizationId = given.text('organization')
  if (organizationId === undefined) return path
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ organizationId })}`
}

/** What the environment says for an option. Empty counts as not set, as it does for the server. */
function fromEnvironment(option: string, { env }: Terminal): string | undefined {
  return env[`ROLLCALL_${option.replaceAll('-', '_').toUpperCase()}`] || undefined
}

/**
 * Who calls: a token as it is, a person with a password, or a client with its secret.
 *
 * @throws UsageError
 */
export function tokenOf(given: Given, terminal: Terminal): GetToken {
  const setting = (name: string): string | undefined => given.text(name) ?? fromEnvironment(name, terminal)
  const token = setting('token')
  if (token !== undefined) return () => token
  const [user, password] = [setting('user'), setting('password')]
  const client = setting('client') ?? (user === undefined ? undefined : 'customer')
  if (client === undefined)
    throw new UsageError(
      'say who you are: --client ID:SECRET, or --user NAME --password WORD, or --token TOKEN',
    )
  const colon = client.indexOf(':')
  const clientId = colon === -1 ? client : client.slice(0, colon)
  const clientSecret = setting('client-secret') ?? (colon === -1 ? '' : client.slice(colon + 1))
  const grant = grantOf(user, password)
  return tokenSource({ url: urlOf(given, terminal), clientId, clientSecret, grant })
}

function grantOf(
  user: string | undefined,
  password: string | undefined,
): Exclude<Grant, { readonly type: 'refresh_token' }> {
  if (user === undefined) return { type: 'client_credentials' }
  if (password === undefined) throw new UsageError('--user needs a --password')
  return { type: 'password', username: user, password }
}
