import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { applyMasks, type JsonValue, parseMasks } from '../../server/src/masks/masks.ts'
import { readVectors } from '../helpers/vectors.ts'

type MaskVector = {
  readonly masks: readonly string[]
  readonly event?: JsonValue
  readonly masked?: JsonValue
  readonly refused?: { readonly error: string; readonly fields: readonly string[] }
}

describe('masks of the vectors', () => {
  for (const { name, why, masks, event = {}, masked, refused } of readVectors<MaskVector>('masks').vectors)
    it(name, () => {
      assert.notEqual(masked === undefined, refused === undefined, 'a vector is masked or refused')
      assert.deepEqual(outcome(masks, event), masked === undefined ? { refused } : { masked }, why)
    })
})

function outcome(masks: readonly string[], event: JsonValue): object {
  try {
    return { masked: applyMasks(parseMasks(masks), event) }
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    return { refused: { error: error.code, fields: [...error.fields.keys()].sort() } }
  }
}
