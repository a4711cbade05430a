import assert from 'node:assert/strict'
import type { DirectoryChange, DirectoryContent, DirectoryStep } from '../store.ts'
import type { Cases, Scene } from './scene.ts'

const put = (key: string, text: string): DirectoryChange => ({ key, value: Buffer.from(text) })
const remove = (key: string): DirectoryChange => ({ key, value: undefined })

/** In short, in one order. */
function inShort({ revision, entries }: DirectoryContent): readonly [number, readonly string[]] {
  return [revision, entries.map(({ key, value }) => `${key}=${Buffer.from(value)}`).sort()]
}

const read = async ({ store }: Scene) => inShort(await store.directory.read())

function listen({ store }: Scene): { readonly heard: readonly string[]; readonly stop: () => void } {
  const heard: string[] = []
  const stop = store.directory.onChange(({ revision, changes }: DirectoryStep) => {
    heard.push(
      `${revision} ${changes.map(({ key, value }) => (value === undefined ? `-${key}` : `+${key}`))}`,
    )
  })
  return { heard, stop }
}

/** Contract of the directory: all changes or none, from one revision to the next. */
export const directoryCases: Cases = {
  'it begins empty, and each change leads to the next revision': async (scene) => {
    const { directory } = scene.store
    assert.deepEqual(await read(scene), [0, []])
    assert.equal(await directory.change(0, [put('user/__proto__', 'é'), put('user/bob', '{}')]), true)
    assert.deepEqual(await read(scene), [1, ['user/__proto__=é', 'user/bob={}']])
    assert.equal(
      await directory.change(1, [put('user/bob', 'two'), remove('user/__proto__'), remove('no')]),
      true,
    )
    assert.deepEqual(await read(scene), [2, ['user/bob=two']])
    assert.equal(await directory.change(2, []), true)
    assert.deepEqual(await read(scene), [3, ['user/bob=two']])
  },

  'a change at another revision does nothing, and nobody is told of it': async (scene) => {
    const { directory } = scene.store
    await directory.change(0, [put('a', '1')])
    const { heard } = listen(scene)
    for (const revision of [0, 2, -1, Number.NaN])
      assert.equal(await directory.change(revision, [put('a', '2'), put('b', '1')]), false)
    assert.deepEqual(await read(scene), [1, ['a=1']])
    assert.deepEqual(heard, [])
  },

  'of those who change it at the same time one is first, and the others are told so': async (scene) => {
    const { directory } = scene.store
    const outcomes = await Promise.all(['a', 'b', 'c'].map((key) => directory.change(0, [put(key, key)])))
    assert.deepEqual(outcomes, [true, false, false])
    assert.deepEqual(await read(scene), [1, ['a=a']])
  },

  'everybody who listens is told of every step, in order, until it has ended that': async (scene) => {
    const { directory } = scene.store
    const [one, other] = [listen(scene), listen(scene)]
    await directory.change(0, [put('a', '1'), put('b', '1')])
    other.stop()
    other.stop()
    await directory.change(1, [remove('a')])
    assert.deepEqual(one.heard, ['1 +a,+b', '2 -a'])
    assert.deepEqual(other.heard, ['1 +a,+b'])
  },

  'what was handed in may be used again for something else': async (scene) => {
    const value = Buffer.from('mine')
    await scene.store.directory.change(0, [{ key: 'a', value }])
    value.fill(0)
    assert.deepEqual(await read(scene), [1, ['a=mine']])
  },
}

export const directoryRestartCases: Cases = {
  'all that was answered is there again, and so is its revision': async (scene) => {
    const large = 'x'.repeat(200_000)
    await scene.store.directory.change(0, [put('a', large), put('b', '1'), put('c', '1')])
    await scene.store.directory.change(1, [remove('b'), put('c', '2')])
    await scene.under.crash(1000)
    assert.deepEqual(await read(scene), [2, [`a=${large}`, 'c=2']])
    assert.equal(await scene.store.directory.change(1, [put('d', '1')]), false)
    assert.equal(await scene.store.directory.change(2, [remove('a')]), true)
    await scene.under.reopen(1000)
    assert.deepEqual(await read(scene), [3, ['c=2']])
  },
}
