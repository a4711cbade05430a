import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMain, root } from './workspace.mjs'

const FILE = 'sbom.cdx.json'

/**
 * What the product is made of, as CycloneDX, out of package-lock.json alone: the same on every machine but for its
 * time and serial number.
 * @returns {string}
 */
export function billOfMaterials() {
  const args = [
    'sbom',
    '--sbom-format=cyclonedx',
    '--sbom-type=application',
    '--package-lock-only',
    '--omit=dev',
  ]
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`npm sbom failed:\n${stderr}`)
  const bill = JSON.parse(stdout)
  // npm names it after the folder that the checkout is in.
  bill.metadata.component.name = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name
  return `${JSON.stringify(bill, undefined, 2)}\n`
}

if (isMain(import.meta.url)) {
  writeFileSync(join(root, FILE), billOfMaterials())
  process.stdout.write(`${FILE}\n`)
}
