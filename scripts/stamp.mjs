import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './workspace.mjs'

/**
 * One hash over the names and contents of the files, and whatever else the result depends on.
 * @param {readonly string[]} paths from the root
 * @param {readonly string[]} [salt]
 */
export function fingerprint(paths, salt = []) {
  const hash = createHash('sha256').update(JSON.stringify(salt))
  for (const path of paths) {
    const content = readFileSync(join(root, path))
    hash.update(`\n${path} ${content.length}\n`).update(content)
  }
  return hash.digest('hex')
}

/**
 * @param {string} path from the root
 * @returns {string | undefined} `undefined` where there is no such file
 */
export function readStamp(path) {
  const file = join(root, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/**
 * @param {string} path from the root
 * @param {string} content
 */
export function writeStamp(path, content) {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}
