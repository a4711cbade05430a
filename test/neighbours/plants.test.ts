import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ATTACKS } from './attacks.ts'
import { placesOf } from './plants.ts'

for (const { name, plants = [], without } of ATTACKS)
  test(`${name}: what takes its protection away is in the server as it is now`, async () => {
    for (const plant of [...plants, ...(without.plants ?? [])])
      assert.equal(await placesOf(plant), 1, `${plant.file}: ${plant.find}`)
    assert.ok(without.env !== undefined || (without.plants ?? []).length > 0, 'nothing is taken away')
  })
