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

it('what seems to have come at once to a watcher that slept is judged by nobody', () => {
  const closings = [510, 511, 512, 513, 514, 515, 516]
  const watch = watchOf(closings)
  for (const atMs of [0, 20, 510]) watch.awake(atMs)
  assert.equal(watch.stampedeOf('a', 0), undefined)
  const before = watchOf(closings)
  for (const atMs of [0, 300, 320, 340, 500, 520]) before.awake(atMs)
  assert.match(before.stampedeOf('a', 310) ?? '', /closed 7 links/, 'it had slept before')
})
