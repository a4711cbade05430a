import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** A piece of the built server that another one is put in the place of, while it is loaded: nothing of it knows. */
export type Plant = {
  /** From `server/dist/`. */
  readonly file: string
  /** Occurs once in it. */
  readonly find: string
  readonly put: string
}

/** What has a process of the built server run with them. */
export function planting(plants: readonly Plant[]): Readonly<Record<string, string>> {
  if (plants.length === 0) return {}
  const hooks = new URL('plants/register.mjs', import.meta.url).href
  return { NODE_OPTIONS: `--import=${hooks}`, PLANTS: JSON.stringify(plants) }
}

/** How often a plant's place occurs in the built server. 1, or it changes nothing, or what nobody meant. */
export async function placesOf({ file, find }: Plant): Promise<number> {
  const path = fileURLToPath(new URL(`../../server/dist/${file}`, import.meta.url))
  return (await readFile(path, 'utf8')).split(find).length - 1
}

/** Nobody waits for a turn. */
export const NO_TURNS: Plant = {
  file: 'limits/turns.js',
  find: 'next(caller) {',
  put: 'next(caller) { return Promise.resolve();',
}

/** Each request of a connection is begun as soon as it was read. */
export const NO_LINE: Plant = {
  file: 'http/connections/in-turn.js',
  find: 'const { socket } = request;',
  put: 'const { socket } = request; if (socket) return void listener(request, response);',
}

/** Nobody has a share of its own. */
export const NO_SHARES = {
  ORGANIZATION_SHARE_PERCENT: '100',
  CALLER_SHARE_PERCENT: '100',
  ADDRESS_SHARE_PERCENT: '100',
} as const

/** Nobody pays for work, and nothing is refused because of load. */
export const NO_BILL = {
  WORK_PER_SECOND_PER_CALLER: '0',
  WORK_PER_SECOND_PER_ORGANIZATION: '0',
  WORK_PER_SECOND_PER_ADDRESS: '0',
  SHED_LAG_MS: '0',
} as const
