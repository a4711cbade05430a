import assert from 'node:assert/strict'
import { it } from 'node:test'
import { LinkWatch } from './link-watch.ts'

function watchOf(closingsMs: readonly number[], node = 'a'): LinkWatch {
  const watch = new LinkWatch()
  for (const [index, atMs] of closingsMs.entries()) {
    const link = `link-${index}`
    watch.take({ kind: 'link_up', link, endpoint: 'acme/alice/phone', qos: 1, node, atMs: 0 })
    watch.take({ kind: 'link_down', link, atMs })
  }
  return watch
}

it('links of a node that are all closed at once as it drains are a stampede, those that go one by one are none', () => {
  assert.match(watchOf([10, 11, 12, 13, 14, 15, 16]).stampedeOf('a', 0) ?? '', /closed 7 links within 6 ms/)
  assert.equal(watchOf([10, 200, 400, 500, 700, 900]).stampedeOf('a', 0), undefined)
  assert.equal(watchOf([10, 11, 12]).stampedeOf('a', 0), undefined, 'a few')
  assert.equal(watchOf([10, 11, 12, 13, 14, 15]).stampedeOf('a', 100), undefined, 'before')
  assert.equal(watchOf([10, 11, 12, 13, 14, 15], 'b').stampedeOf('a', 0), undefined, 'of another')
})
