import { readFileSync } from 'node:fs'

/** The organization that all of the benchmark's users are in. */
export const ORGANIZATION = 'bench'
/** The client that sends events. */
export const BACKEND = 'bench-backend'

const USER_DIGITS = 6
const ENDPOINT_DIGITS = 12

/** Where the digits of a prepared request's user stand, counted from the start of the id. */
export const USER_NUMBER = { at: 'user-'.length, width: USER_DIGITS } as const

/** The same of its endpoint. */
export const ENDPOINT_NUMBER = { at: '00000000-0000-4000-8000-'.length, width: ENDPOINT_DIGITS } as const

export function userId(user: number): string {
  return `user-${String(user).padStart(USER_DIGITS, '0')}`
}

/** As long as the ids that phones make: a UUID. */
export function endpointId(endpoint: number): string {
  return `00000000-0000-4000-8000-${String(endpoint).padStart(ENDPOINT_DIGITS, '0')}`
}

/** Access tokens, one a line: the backend's, then each user's in turn. */
export type Tokens = { readonly backend: string; readonly users: readonly string[] }

export function readTokens(file: string): Tokens {
  const [backend = '', ...users] = readFileSync(file, 'latin1').trimEnd().split('\n')
  return { backend, users }
}

/** @throws RangeError where the file has too few */
export function tokenOf({ users }: Tokens, user: number): string {
  const token = users[user]
  if (token === undefined) throw new RangeError(`there are tokens of ${users.length} users only`)
  return token
}

/**
 * The device that event `sequence` goes to: any of `devices`, but always the same, so that who receives it
 * can tell whether it is the right one.
 */
export function targetOf(sequence: number, devices: number): number {
  let mixed = Math.imul(sequence ^ 0x9e3779b9, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) % devices
}
