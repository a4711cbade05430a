import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { filesUnder, root } from './workspace.mjs'

const IMPORT = /(['"])@rollcall\/protocol\/([\w-]+)\1/g
const SIBLING = /['"]\.\/([\w-]+)\.js['"]/g

/**
 * Puts into a built package what it uses of the protocol, so that it can be packed and installed on its own: no registry
 * has the protocol's package, and what has its name there one day may not be ours.
 * @param {string} name the package's folder
 */
export function inlineProtocol(name) {
  /** @type {Set<string>} */
  const used = new Set()
  for (const file of filesUnder(`${name}/dist`).filter((path) => /\.(js|d\.ts)$/.test(path))) {
    const own = relative(dirname(file), `${name}/dist/protocol`)
    const text = readFileSync(join(root, file), 'utf8')
    const inlined = text.replace(IMPORT, (_all, quote, module) => {
      used.add(module)
      return `${quote}${own.startsWith('.') ? own : `./${own}`}/${module}.js${quote}`
    })
    if (inlined !== text) writeFileSync(join(root, file), inlined)
  }
  mkdirSync(join(root, name, 'dist/protocol'))
  // The set grows while it is gone through: what a module uses itself comes along.
  for (const module of used) copyModule(name, module, used)
}

/**
 * @param {string} name
 * @param {string} module
 * @param {Set<string>} used
 */
function copyModule(name, module, used) {
  for (const ending of ['js', 'js.map', 'd.ts']) {
    const from = join(root, 'protocol/dist', `${module}.${ending}`)
    copyFileSync(from, join(root, name, 'dist/protocol', `${module}.${ending}`))
    if (ending === 'js.map') continue
    for (const [, sibling = ''] of readFileSync(from, 'utf8').matchAll(SIBLING)) used.add(sibling)
  }
}
