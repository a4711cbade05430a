import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { fingerprint, readStamp, writeStamp } from './stamp.mjs'
import { root, runOrExit } from './workspace.mjs'

const STAMP = 'node_modules/.rollcall-install'

/**
 * Installs exactly what `package-lock.json` says, where that is not what is there already. Exits with a
 * message where this Node.js is not supported.
 */
export function ensureInstalled() {
  refuseUnsupportedNode()
  if (isInstalled()) return
  withLock('install', () => {
    if (isInstalled()) return
    process.stderr.write('Installing dependencies (npm ci) …\n')
    // Development dependencies hold the compiler, so they are needed even under NODE_ENV=production.
    runNpm(['ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error'])
    writeStamp(STAMP, wantedStamp())
  })
}

function isInstalled() {
  return readStamp(STAMP) === wantedStamp()
}

function wantedStamp() {
  const { versions, platform, arch } = process
  return fingerprint(['package-lock.json', '.npmrc'], [versions.modules, platform, arch])
}

/** @param {readonly string[]} args */
function runNpm(args) {
  const failure = 'npm ci failed: nothing was started. See the lines above'
  const npmCli = process.env['npm_execpath']
  if (npmCli?.endsWith('npm-cli.js') && existsSync(npmCli))
    runOrExit(process.execPath, [npmCli, ...args], failure)
  else runOrExit('npm', args, failure)
}

function refuseUnsupportedNode() {
  const range = String(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node)
  if (isSupported(process.versions.node, range)) return
  process.stderr.write(
    `Rollcall needs Node.js ${range}, and this is ${process.version} (${process.execPath}).\n`,
  )
  process.exit(1)
}

/**
 * Reads just the part of npm's range grammar that `engines` uses: `^20.19 || >=24`.
 * @param {string} version
 * @param {string} range
 */
function isSupported(version, range) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return range.split('||').some((part) => {
    const [, operator, wantedMajor, wantedMinor = '0'] = /^(\^|>=)(\d+)(?:\.(\d+))?$/.exec(part.trim()) ?? []
    if (operator === undefined) throw new Error(`engines.node: cannot read "${part}"`)
    if (major === Number(wantedMajor)) return minor >= Number(wantedMinor)
    return operator === '>=' && major > Number(wantedMajor)
  })
}
