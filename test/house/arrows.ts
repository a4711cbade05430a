import { complaintInConsole } from './console-arrows.ts'
import type { Import } from './imports.ts'

// From the top: a room may import from the lines below its own, and from its own line only what SIDEWAYS
// names. `main`, `welcome`, `folder-commands`, `directory-commands`, `move-commands` and `server` are files that stand outside every room.
const LINES: readonly (readonly string[])[] = [
  ['main'],
  ['welcome', 'folder-commands', 'directory-commands', 'move-commands'],
  ['server'],
  ['fronts'],
  ['opening'],
  ['doors', 'ground'],
  ['standing'],
  ['start-checks'],
  [
    ...[
      'admin-port',
      'data-folder',
      'descriptors',
      'load',
      'mqtt-ports',
      'notices',
      'service-figures',
      'service-nodes',
      'service-notices',
      'open-demo',
      'readiness',
    ],
    ...['port-checks', 'redis-settings', 'stop', 'token-witness', 'worker-processes'],
  ],
  ['certificate', 'closers', 'happenings', 'pages', 'places', 'recent-troubles', 'workers'],
  ['http', 'mqtt'],
  ['delivery', 'webhooks'],
  ['registrar', 'history', 'charts', 'auth', 'masks', 'limits', 'audit'],
  ['store', 'cluster', 'observe', 'config', 'clock'],
  ['parse'],
]

/** Who reads the configuration before anything is built of it. */
const READERS = [
  'directory-commands',
  'main',
  'move-commands',
  'opening',
  'port-checks',
  'redis-settings',
  'server',
  'start-checks',
]

const SIDEWAYS: ReadonlyMap<string, string> = new Map([
  ['cluster → clock', 'nodes tell by it how long they were heard of'],
  ['store → clock', 'engines get the time handed in, and wait for nothing else'],
])

/** Files that may be entered besides a room's door, and by whom: a port is open before the room behind it is loaded. */
const EARLY: ReadonlyMap<string, readonly string[]> = new Map([
  ['http/connections/door.ts', ['doors']],
  ['mqtt/transport/starting.ts', ['mqtt-ports']],
  ['observe/log.ts', ['main']],
  ['observe/version.ts', ['main', 'http']],
])

/** Rooms inside a room: one behind each port. Only the composition root and tests name them. */
const ENGINES = ['store/memory', 'store/embedded', 'store/redis', 'cluster/local', 'cluster/redis']

/** Which of our packages each one may import. */
const PACKAGES: ReadonlyMap<string, readonly string[]> = new Map([
  ['protocol', ['protocol']],
  ['client', ['client', 'protocol']],
  ['server', ['server', 'protocol']],
  ['bench', ['bench', 'client', 'protocol']],
  ['cli', ['cli', 'client']],
  ['console', ['console', 'client', 'protocol']],
  ['examples', ['examples', 'client']],
  ['scripts', ['scripts']],
  ['test', ['test', 'server', 'client', 'protocol', 'bench', 'cli']],
])

type Place = {
  readonly package: string
  readonly room: string
  readonly isDoor: boolean
  /** The rooms that may enter here, though it is no door. */
  readonly early?: readonly string[] | undefined
}

/** What is wrong with an import between files of ours; `undefined` where it keeps the rules. */
export function complaint({ from, file, isTypeOnly }: Import): string | undefined {
  if (file === undefined) return undefined
  if (isTest(from)) return isTest(file) ? undefined : complaintInTest(placeOf(from), placeOf(file))
  if (isTest(file)) return 'the product imports a test'
  const here = placeOf(from)
  const there = placeOf(file)
  if (!PACKAGES.get(here.package)?.includes(there.package))
    return `${here.package} may not import ${there.package}`
  if (here.package === 'console' && there.package === 'console') return complaintInConsole(from, file)
  if (there.package !== 'server' || here.room === there.room) return undefined
  return complaintBetweenRooms(here, there, isTypeOnly)
}

/** `http.test.ts`, and everything under test/. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/')
}

function complaintInTest(here: Place, there: Place): string | undefined {
  if (there.package !== 'server' || here.room === there.room || there.isDoor) return undefined
  if (isEngine(here) && there.room === outerRoom(here)) return undefined
  return `a test reaches another room (${there.room}) only through its door`
}

function complaintBetweenRooms(here: Place, there: Place, isTypeOnly: boolean): string | undefined {
  if (isEngine(there)) return complaintAboutEngine(here, there)
  // An engine is part of the room whose port it fills.
  if (isEngine(here) && there.room === outerRoom(here)) return undefined
  if (!there.isDoor && there.early?.includes(here.room) !== true)
    return `${there.room} is entered only through its door`
  if (there.room === 'config' && !READERS.includes(here.room) && !isTypeOnly)
    return 'configuration is handed in: only its types may be imported here'
  const unknown = [outerRoom(here), there.room].find((room) => lineOf(room) === -1)
  if (unknown !== undefined) return `server/src/${unknown} is no room that test/house/arrows.ts knows`
  return isDownwards(outerRoom(here), there.room) ? undefined : `no arrow ${here.room} → ${there.room}`
}

function complaintAboutEngine(here: Place, there: Place): string | undefined {
  if (!['server', 'standing', 'data-folder', 'move-commands'].includes(here.room))
    return `only server.ts names an engine (${there.room})`
  return there.isDoor ? undefined : `${there.room} is entered only through its door`
}

function isDownwards(from: string, to: string): boolean {
  return lineOf(to) > lineOf(from) || SIDEWAYS.has(`${from} → ${to}`)
}

function lineOf(room: string): number {
  return LINES.findIndex((rooms) => rooms.includes(room))
}

function isEngine({ room }: Place): boolean {
  return ENGINES.includes(room)
}

function outerRoom({ room }: Place): string {
  return room.split('/', 1).join()
}

function placeOf(path: string): Place {
  const [name = '', ...rest] = path.split('/')
  if (name !== 'server') return { package: name, room: name, isDoor: true }
  const inside = rest.slice(rest[0] === 'src' ? 1 : 0)
  const folders = inside.slice(0, -1)
  const file = (inside.at(-1) ?? '').replace(/\.ts$/, '')
  if (folders.length === 0) return { package: 'server', room: file, isDoor: true }
  const engine = folders.slice(0, 2).join('/')
  const room = ENGINES.includes(engine) ? engine : (folders[0] ?? '')
  const within = inside.join('/')
  const isDoor = within === `${room}/${room.split('/').at(-1)}.ts`
  return { package: 'server', room, isDoor, early: EARLY.get(within) }
}
