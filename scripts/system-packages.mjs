import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { withLock } from './lock.mjs'
import { isMain } from './workspace.mjs'

const UPDATE_TIMEOUT_MS = 120_000
const INSTALL_TIMEOUT_MS = 300_000
const PROBE_TIMEOUT_MS = 20_000

/** Where Chromium is called what; the first that is there is taken. */
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** The same engine, without the windows that nobody sees. */
const HEADLESS_SHELL_NAMES = ['chromium-headless-shell', 'chrome-headless-shell']
const CHROMIUM_OF_MACOS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
/** Of Debian. Ubuntu's `firefox` is a snap, which reads no profile that a test makes. */
const FIREFOX_NAMES = ['firefox-esr']
const FIREFOX_OF_MACOS = ['/Applications/Firefox.app/Contents/MacOS/firefox']
const REDIS_NAMES = ['redis-server', 'valkey-server']
const FONT_FOLDERS = ['/usr/share/fonts', '/usr/local/share/fonts']

/**
 * A program of the system that tests run, and npm does not bring.
 * @typedef {object} Need
 * @property {string} what for the line that says why it is installed
 * @property {readonly string[]} packages of Debian and those who follow it
 * @property {string} otherwise how else to get it
 * @property {() => boolean} isThere
 * @property {boolean} [isSpared] whether tests do without it: then it is installed where there is such a package, and
 *   nothing is said where there is none
 */

/** @typedef {'chromium' | 'headlessShell' | 'firefox' | 'fonts' | 'python' | 'redis' | 'disks'} NeedName */

/** @type {ReadonlyMap<NeedName, Need>} */
const NEEDS = new Map([
  [
    'chromium',
    {
      what: 'Chromium, for the tests in a real browser',
      packages: ['chromium'],
      otherwise: 'install Chromium or Chrome, or name one in the environment variable CHROMIUM',
      isThere: () => findChromium() !== undefined,
    },
  ],
  [
    'headlessShell',
    {
      what: "Chromium's headless shell, in which pages take half as long",
      packages: ['chromium-headless-shell'],
      otherwise: 'Chromium does the same',
      isThere: () => findHeadlessShell() !== undefined,
      isSpared: true,
    },
  ],
  [
    'firefox',
    {
      what: 'Firefox, for the tests of the SDK in it',
      packages: ['firefox-esr'],
      otherwise: 'install Firefox, and name it in the environment variable FIREFOX',
      isThere: () => findFirefox() !== undefined,
    },
  ],
  [
    'fonts',
    {
      what: 'a font, without which pages have no text',
      packages: ['fonts-dejavu-core'],
      otherwise: 'install any TrueType font',
      isThere: hasFont,
    },
  ],
  [
    'python',
    {
      what: 'Python with requests and paho-mqtt, for the example in Python',
      packages: ['python3', 'python3-requests', 'python3-paho-mqtt'],
      otherwise: 'python3 -m pip install requests paho-mqtt',
      isThere: () => findPython() !== undefined,
    },
  ],
  [
    'redis',
    {
      what: 'Redis, for the tests of the engine that keeps everything there',
      packages: ['redis-server'],
      otherwise: 'install Redis 7.0 or newer, or Valkey',
      isThere: () => REDIS_NAMES.some((name) => spawnSync(name, ['--version']).status === 0),
    },
  ],
  [
    'disks',
    {
      what: 'what makes an ext4 and a btrfs in a file, for the tests of full disks',
      packages: ['e2fsprogs', 'btrfs-progs'],
      otherwise: 'install them, or those tests are left out',
      // Who may not mount one needs none.
      isThere: () =>
        process.platform !== 'linux' ||
        process.getuid?.() !== 0 ||
        ['mkfs.ext4', 'mkfs.btrfs'].every(isOnPath),
    },
  ],
])

/** @type {readonly (readonly [start: string, names: readonly NeedName[]])[]} */
const NEEDED_UNDER = [
  ['test/browser/firefox', ['firefox', 'fonts']],
  ['test/browser/', ['chromium', 'headlessShell', 'fonts']],
  ['test/e2e/guides', ['chromium', 'headlessShell', 'fonts']],
  ['test/regressions/pages-over', ['chromium', 'headlessShell', 'fonts']],
  ['test/e2e/examples', ['python']],
  ['test/e2e/redis', ['redis']],
  ['test/e2e/nodes', ['redis']],
  ['test/e2e/round-robin', ['redis']],
  ['test/e2e/workers', ['redis']],
  ['test/chaos/', ['redis']],
  ['test/sim/redis', ['redis']],
  ['test/sim/moved', ['redis']],
  ['server/src/store/redis/', ['redis']],
  ['server/src/store/move/', ['redis']],
  ['test/disk/full', ['disks']],
]

/**
 * What the test files need.
 * @param {readonly string[]} files paths from the root
 * @returns {readonly NeedName[]}
 */
export function systemNeedsOf(files) {
  const names = files.flatMap((path) => NEEDED_UNDER.find(([start]) => path.startsWith(start))?.[1] ?? [])
  return [...NEEDS.keys()].filter((name) => names.includes(name))
}

/**
 * Installs what is wanted and missing, where apt may do so. Where it may not, it says what is missing and how to
 * get it, and goes on: the tests that need it then fail, each with its own message.
 * @param {readonly NeedName[]} wanted
 */
export function ensureSystemPackages(wanted) {
  if (missingOf(wanted).length === 0) return
  withLock('system-packages', () => {
    const missing = missingOf(wanted)
    const apt = missing.length === 0 ? undefined : aptCommand()
    if (apt !== undefined) install(apt, missing)
    for (const need of missingOf(wanted)) {
      if (need.isSpared !== true) process.stderr.write(`${adviceFor(need)}\n`)
    }
  })
}

/**
 * @param {readonly NeedName[]} wanted
 * @returns {readonly Need[]}
 */
function missingOf(wanted) {
  return wanted.flatMap((name) => NEEDS.get(name) ?? []).filter(({ isThere }) => !isThere())
}

/** @param {Pick<Need, 'what' | 'packages' | 'otherwise'>} need */
export function adviceFor({ what, packages, otherwise }) {
  return `Missing: ${what}. On Debian and Ubuntu: apt-get install ${packages.join(' ')}; elsewhere: ${otherwise}.`
}

/**
 * The command with which packages may be installed here without asking anybody.
 * @returns {readonly string[] | undefined}
 */
function aptCommand() {
  if (process.platform !== 'linux' || !succeeds('apt-get', ['--version'])) return undefined
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  if (prefix.length > 0 && !succeeds('sudo', ['-n', 'true'])) return undefined
  // Through env, since sudo drops what it does not know.
  return [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=60']
}

/**
 * @param {readonly string[]} apt
 * @param {readonly Need[]} missing
 */
function install(apt, missing) {
  const packages = missing.flatMap((need) => need.packages)
  const why = missing.map(({ what }) => what).join('; ')
  process.stderr.write(`Installing by apt-get: ${packages.join(' ')} (${why}) …\n`)
  // An old list is better than none: whether it was good enough shows at the next step.
  runApt([...apt, 'update'], UPDATE_TIMEOUT_MS)
  const installing = [...apt, 'install', '-y', '--no-install-recommends']
  // One name that apt does not know, and it installs none of them.
  for (const isSpared of [false, true]) {
    const group = missing.filter((need) => (need.isSpared ?? false) === isSpared)
    const names = group.flatMap((need) => need.packages)
    if (names.length > 0) runApt([...installing, ...names], INSTALL_TIMEOUT_MS)
  }
}

/**
 * @param {readonly string[]} command
 * @param {number} timeoutMs
 */
function runApt([program = '', ...args], timeoutMs) {
  const stdio = /** @type {const} */ (['ignore', process.stderr, process.stderr])
  const { status, error } = spawnSync(program, args, { stdio: [...stdio], timeout: timeoutMs })
  if (status === 0) return
  const why = error === undefined ? `ended with code ${status}` : error.message
  process.stderr.write(`${[program, ...args].join(' ')}: ${why}\n`)
}

/**
 * @typedef {object} System
 * @property {NodeJS.ProcessEnv} env
 * @property {string} platform
 * @property {(path: string) => boolean} isProgram
 */

/**
 * The browser that tests and screenshots run.
 * @param {System} [system]
 * @returns {string | undefined} its path
 */
export function findChromium(system) {
  return findBrowser('CHROMIUM', CHROMIUM_OF_MACOS, ['/usr/bin/chromium'], CHROMIUM_NAMES, system)
}

/**
 * What draws pages in the tests that need no window. Whoever names a browser means that one here too.
 * @param {System} [system]
 * @returns {string | undefined} its path
 */
export function findHeadlessShell(system) {
  return findBrowser('CHROMIUM', [], ['/usr/bin/chromium-headless-shell'], HEADLESS_SHELL_NAMES, system)
}

/**
 * The other browser that tests run.
 * @param {System} [system]
 * @returns {string | undefined} its path
 */
export function findFirefox(system) {
  return findBrowser('FIREFOX', FIREFOX_OF_MACOS, [], FIREFOX_NAMES, system)
}

/**
 * @param {string} variable that may name it
 * @param {readonly string[]} ofMacos where it is on macOS
 * @param {readonly string[]} first where to look elsewhere, before the folders of the path
 * @param {readonly string[]} names in those
 * @param {System} [system]
 */
function findBrowser(
  variable,
  ofMacos,
  first,
  names,
  system = { env: process.env, platform: process.platform, isProgram },
) {
  const { env, platform } = system
  // Whoever names one means that one: another in its place would hide that it is not there.
  const named = env[variable] ?? ''
  if (named !== '') return system.isProgram(named) ? named : undefined
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = [
    ...(platform === 'darwin' ? ofMacos : first),
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
  ]
  return candidates.find(system.isProgram)
}

/**
 * A Python that has what the example imports. apt gives it to the system's own, which need not be the first on the
 * path.
 * @returns {string | undefined}
 */
export function findPython() {
  return ['python3', '/usr/bin/python3'].find((program) =>
    succeeds(program, ['-c', 'import requests, paho.mqtt.client']),
  )
}

/**
 * What to say where it is not there.
 * @param {NeedName} name
 */
export function systemAdvice(name) {
  const need = NEEDS.get(name)
  return need === undefined ? '' : adviceFor(need)
}

/** @param {string} name */
function isOnPath(name) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.some((folder) => isProgram(join(folder, name)))
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function hasFont() {
  if (process.platform !== 'linux') return true
  return FONT_FOLDERS.some((folder) => {
    try {
      return readdirSync(folder, { recursive: true }).some((name) => /\.(ttf|otf|ttc)$/.test(String(name)))
    } catch {
      return false
    }
  })
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function succeeds(program, args) {
  return spawnSync(program, args, { stdio: 'ignore', timeout: PROBE_TIMEOUT_MS }).status === 0
}

if (isMain(import.meta.url)) ensureSystemPackages([...NEEDS.keys()])
