import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import type { Amounts, Case } from './cases/case.ts'
import type { RedisSubject, Subject } from './lab/lab.ts'

export const USAGE = `Usage: npm run bench -- [options]

  --only NAMES       cases to run, separated by commas
  --all              the long cases too, which take minutes
  --runs N           runs of each case (1 to 20, default 3); a long case runs once
  --seconds N        measured time of a run, in CPU time of the server (1 to 60, default 5)
  --warm-up N        seconds before it that do not count (0 to 60, default 4)
  --redis            the cases of Redis: one, started for each run, beside the store in a folder
  --redis-cluster    the same on a Redis Cluster of three primaries
  --subject NAME     only rollcall, reference, redis or redis-cluster
  --peers            beside them what others do the same: Nchan, Mosquitto, Kamailio, of Debian's packages
  --scale N          multiplies counts, to try something out (0.001 to 1, default 1)
  --folder PATH      where data is kept meanwhile (default: the system's temporary folder)
  --json FILE        writes what was measured
  --report           writes the tables of what was measured into bench/RESULTS.md, and their picture,
                     docs/images/benchmark.svg
  --profile FOLDER   writes CPU profiles of the servers, which makes them slower
`

export type Options = {
  readonly cases: readonly Case[]
  readonly subjects: readonly Subject[]
  /** Whether what others do is measured beside them. */
  readonly withPeers: boolean
  readonly runs: number
  readonly amounts: Amounts
  readonly folder: string
  readonly jsonFile: string | undefined
  readonly isReported: boolean
  readonly profileFolder: string | undefined
}

/** A command line that cannot be used. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(args: readonly string[], cases: readonly Case[]): Options | 'help' {
  const values = parse(args)
  if (values.help) return 'help'
  const subjects = subjectsOf(values)
  return {
    cases: chosen(cases, values.only, values.all ?? false, subjects.some(isOnRedis)),
    subjects,
    withPeers: values.peers ?? false,
    runs: numberOf('--runs', values.runs, [1, 20]),
    amounts: {
      measuredSeconds: numberOf('--seconds', values.seconds, [1, 60]),
      warmUpSeconds: numberOf('--warm-up', values['warm-up'], [0, 60]),
      scale: numberOf('--scale', values.scale, [0.001, 1]),
    },
    folder: values.folder,
    jsonFile: values.json,
    isReported: values.report ?? false,
    profileFolder: values.profile,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        only: { type: 'string' },
        all: { type: 'boolean' },
        runs: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '5' },
        'warm-up': { type: 'string', default: '4' },
        subject: { type: 'string' },
        redis: { type: 'boolean' },
        'redis-cluster': { type: 'boolean' },
        peers: { type: 'boolean' },
        scale: { type: 'string', default: '1' },
        folder: { type: 'string', default: tmpdir() },
        json: { type: 'string' },
        report: { type: 'boolean' },
        profile: { type: 'string' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function chosen(
  cases: readonly Case[],
  only: string | undefined,
  all: boolean,
  ofRedis: boolean,
): readonly Case[] {
  if (only === undefined)
    return cases.filter(({ isLong, onRedis }) => (all || !isLong) && (onRedis !== undefined) === ofRedis)
  const names = only.split(',')
  const unknown = names.find((name) => !cases.some((known) => known.name === name))
  if (unknown !== undefined)
    throw new UsageError(`no case "${unknown}"; there are ${cases.map(({ name }) => name).join(', ')}`)
  return cases.filter(({ name }) => names.includes(name))
}

const SUBJECTS: readonly Subject[] = ['rollcall', 'reference', 'redis', 'redis-cluster']

function subjectsOf(
  values: { readonly subject?: string } & { readonly [name in RedisSubject]?: boolean },
): readonly Subject[] {
  const { subject } = values
  if (subject === undefined) return SUBJECTS.filter((one) => !isOnRedis(one) || values[one])
  const known = SUBJECTS.find((one) => one === subject)
  if (known === undefined) throw new UsageError(`--subject is one of ${SUBJECTS.join(', ')}`)
  return [known]
}

function isOnRedis(subject: Subject): subject is RedisSubject {
  return subject === 'redis' || subject === 'redis-cluster'
}

function numberOf(name: string, text: string, [min, max]: readonly [number, number]): number {
  const value = Number(text)
  if (value >= min && value <= max) return value
  throw new UsageError(`${name} is a number from ${min} to ${max}`)
}
