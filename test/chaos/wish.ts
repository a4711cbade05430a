import { parseArgs } from 'node:util'

export const USAGE = `Usage: npm run chaos -- [--minutes N | --seconds N] [--seed N] [--nodes COUNT] [--devices COUNT] [--single] [--loopback] [--history FILE]
       npm run chaos -- --losses [WORD …]

Runs processes of the service on a Redis Cluster of three primaries with a replica each, under phones, backends and a webhook, and kills,
freezes, drains and restarts them; kills, hangs and restarts primaries and has their replicas take over; and, where the machine lets it,
cuts networks. What everybody saw is judged by the rules of test/history/README.md.

  --minutes N     how long it goes wrong, or --seconds; default one minute
  --seed N        of what goes wrong, and of what is sent; default 1. Processes are real: no two runs are alike
  --nodes COUNT   of the service; default 3
  --devices COUNT default 200
  --single        one Redis in the place of the cluster
  --loopback      nobody's network is cut: all processes are on 127.0.0.1
  --history FILE  writes what clients saw
  --losses        in the place of all that: has each thing happen that loses something, and looks whether that was lost, as the table of
                  docs/cluster.md says, and nothing where it says so; words: those that have one of them
`

/** What is asked for. */
export type Wish = {
  readonly seconds: number
  readonly seed: number
  readonly nodes: number
  readonly devices: number
  readonly isCluster: boolean
  readonly isLoopback: boolean
  readonly history: string | undefined
  /** Not the run, but the table. */
  readonly isOfLosses: boolean
  readonly words: readonly string[]
}

/** @returns `undefined` where nobody can say what is meant */
export function parseWish(args: readonly string[]): Wish | undefined {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const numbers = { minutes: text, seconds: text, seed: text, nodes: text, devices: text }
  try {
    const options = { ...numbers, history: text, single: flag, loopback: flag, losses: flag }
    const { values, positionals: words } = parseArgs({ args: [...args], options, allowPositionals: true })
    const { history, single, loopback, losses, ...given } = values
    if (words.length > 0 && !losses) return undefined
    const { minutes = '1', seconds, seed = '1', nodes = '3', devices = '200' } = given
    const wanted = {
      seconds: seconds === undefined ? 60 * Number(minutes) : Number(seconds),
      ...{ seed: Number(seed), nodes: Number(nodes), devices: Number(devices) },
    }
    if (!Object.values(wanted).every((number) => Number.isSafeInteger(number) && number > 0)) return undefined
    return wanted.nodes <= 26
      ? { ...wanted, history, isCluster: !single, isLoopback: loopback, isOfLosses: losses, words }
      : undefined
  } catch {
    return undefined
  }
}
