import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usesDemoDirectory } from './config.ts'

test('the demo directory is in force only where no file is configured', () => {
  assert.equal(usesDemoDirectory({}), true)
  assert.equal(usesDemoDirectory({ directoryFile: undefined }), true)
  assert.equal(usesDemoDirectory({ directoryFile: 'directory.json' }), false)
})
