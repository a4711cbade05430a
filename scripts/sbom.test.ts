import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { billOfMaterials } from './sbom.mjs'

test('the bill of materials names whatever runs in production, with its version, and nothing of this machine', () => {
  const bill = billOfMaterials()
  const { bomFormat, metadata, components } = JSON.parse(bill)
  assert.deepEqual([bomFormat, metadata.component.name], ['CycloneDX', 'rollcall-workspace'])
  const named = new Set(components.map(({ purl }: { readonly purl: string }) => decodeURIComponent(purl)))
  const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
  const { dependencies } = JSON.parse(
    readFileSync(new URL('../server/package.json', import.meta.url), 'utf8'),
  )
  const names = Object.keys(dependencies).filter((name) => !name.startsWith('@rollcall/'))
  assert.ok(names.length > 10)
  for (const name of names) {
    const { version } = lock.packages[`node_modules/${name}`]
    assert.ok(named.has(`pkg:npm/${name}@${version}`), name)
  }
  assert.ok(![...named].some((purl) => String(purl).startsWith('pkg:npm/typescript@')), 'no tools')
  assert.ok(!/https?:\/\/[^"]*\.tgz|"file:/.test(bill))
})
