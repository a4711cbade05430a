import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process'
import { LOOPBACK, type Spot, spawnAt } from './spot.ts'

/** In the environment of a process that has a network to itself. */
const ALONE = 'NETWORK_OF_ITS_OWN'
const SUBNET = '10.77.0'
/** The bridge's own: whoever tests. */
const GATEWAY = `${SUBNET}.1`

/** What starts a program in a network of its own, of which it may do what it likes; `undefined`: nothing does here. */
function aloneBy(): readonly string[] | undefined {
  const ways = [
    ['unshare', '--net'],
    ['unshare', '--map-root-user', '--net'],
  ]
  const probe =
    'ip link set lo up && ip link add bridge0 type bridge && ip link add link0 type veth peer name link1'
  return ways.find(([program = '', ...args]) => spawnSync(program, [...args, 'sh', '-c', probe]).status === 0)
}

/** Whether this process has a network to itself: `Networks` are for those. */
export function isAlone(): boolean {
  return process.env[ALONE] !== undefined
}

/**
 * Runs this program again, as it was called, where it has a network to itself.
 *
 * @returns its exit code; `undefined`: this machine does not allow it
 */
export function runAlone(): number | undefined {
  const [program, ...args] = aloneBy() ?? []
  if (program === undefined) return undefined
  const own = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const { status } = spawnSync(program, [...args, ...own], {
    stdio: 'inherit',
    env: { ...process.env, [ALONE]: 'yes' },
  })
  return status ?? 1
}

type Place = { readonly spot: Spot; readonly holder: ChildProcess; readonly link: string }

/** Networks of one member each, that can be cut; all are joined by a bridge, at which whoever tests is too. */
export class Networks {
  readonly gateway = GATEWAY
  readonly subnet = `${SUBNET}.0/24`
  readonly #places = new Map<string, Place>()

  constructor() {
    ip('link', 'set', 'lo', 'up')
    ip('link', 'add', 'bridge0', 'type', 'bridge')
    ip('address', 'add', `${GATEWAY}/24`, 'dev', 'bridge0')
    ip('link', 'set', 'bridge0', 'up')
  }

  /** The network of this name; made at the first call. */
  async at(name: string): Promise<Spot> {
    const known = this.#places.get(name)
    if (known !== undefined) return known.spot
    const number = this.#places.size + 10
    const holder = spawnAt(LOOPBACK, 'unshare', ['--net', 'sleep', '1000000'], { stdio: 'ignore' })
    const place: Place = {
      holder,
      link: `link${number}`,
      spot: { host: `${SUBNET}.${number}`, via: ['nsenter', `--net=/proc/${holder.pid}/ns/net`, '--'] },
    }
    this.#places.set(name, place)
    await untilElsewhere(holder)
    ip('link', 'add', place.link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(holder.pid))
    ip('link', 'set', place.link, 'master', 'bridge0', 'up')
    inside(place, 'link', 'set', 'lo', 'up')
    inside(place, 'address', 'add', `${place.spot.host}/24`, 'dev', 'eth0')
    inside(place, 'link', 'set', 'eth0', 'up')
    return place.spot
  }

  /** Nothing comes from it any more to whoever is named, nor, by what TCP is, from them to it. */
  cut(name: string, ...others: readonly string[]): void {
    for (const other of others) inside(this.#of(name), 'route', 'add', 'blackhole', this.#of(other).spot.host)
  }

  mend(name: string, ...others: readonly string[]): void {
    for (const other of others) inside(this.#of(name), 'route', 'del', 'blackhole', this.#of(other).spot.host)
  }

  /** Its cable is pulled. */
  unplug(name: string): void {
    ip('link', 'set', this.#of(name).link, 'down')
  }

  plug(name: string): void {
    ip('link', 'set', this.#of(name).link, 'up')
  }

  close(): void {
    for (const { holder } of this.#places.values()) holder.kill('SIGKILL')
  }

  #of(name: string): Place {
    const place = this.#places.get(name)
    if (place === undefined) throw new Error(`there is no network ${name}`)
    return place
  }
}

/** Its process is there before its network is. */
async function untilElsewhere({ pid }: ChildProcess): Promise<void> {
  const networkOf = (of: string) => execFileSync('readlink', [`/proc/${of}/ns/net`]).toString()
  const own = networkOf('self')
  for (let tries = 0; networkOf(String(pid)) === own; tries++) {
    if (tries > 200) throw new Error('There is no network.')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

function inside({ holder }: Place, ...args: readonly string[]): void {
  execFileSync('nsenter', [`--net=/proc/${holder.pid}/ns/net`, '--', 'ip', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
