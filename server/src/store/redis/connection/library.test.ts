import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { headOf, loadLibrary } from './library.ts'

const FOLDER = new URL('../lua/functions/', import.meta.url)
const FILES = readdirSync(FOLDER).map((file) => ({ file, body: readFileSync(new URL(file, FOLDER), 'utf8') }))

/** Without comments, and without what is quoted. */
function codeOf(body: string): string {
  return body.replace(/--.*$/gm, '')
}

/** The highest place among the arguments that is named in the code by its number. */
function highestUsed(body: string): number {
  const places = [...codeOf(body).matchAll(/args\[(\d+)\]/g)].map((match) => Number(match[1]))
  return Math.max(2, ...places)
}

describe("Redis's functions", () => {
  it('are one file each, with a head that says what it is for, is given, answers and may', () => {
    assert.ok(FILES.length > 50)
    for (const { file, body } of FILES) {
      assert.match(file, /^[a-z_]+\.lua$/)
      const head =
        /^((?:-- .*\n)+)-- KEYS partition\n-- ARGV time wall.*\n-- Reply .+\n(-- Flags .+\n)?(?!--)/
      assert.match(body, head, file)
    }
  })

  it('take the arguments that their heads name, and no others', () => {
    for (const { file, body } of FILES) {
      const { args } = headOf(body)
      const isOpenEnded = args.some((name) => name.endsWith('…'))
      const named = args.filter((name) => !name.startsWith('(') && !/[)…]/.test(name)).length
      const used = highestUsed(body)
      if (isOpenEnded) assert.ok(used <= args.length + 1, `${file} uses ${used} of ${args.length}`)
      else assert.ok(used <= named, `${file} uses ${used} of ${named}`)
    }
  })

  it('use all the arguments that are named, up to where several follow', () => {
    for (const { file, body } of FILES) {
      const { args } = headOf(body)
      const fixed = args.findIndex((name) => name.startsWith('(') || name.endsWith('…'))
      const count = fixed === -1 ? args.length : fixed
      for (let place = 3; place <= count; place++)
        assert.ok(codeOf(body).includes(`args[${place}]`), `${file} never uses ${args[place - 1]}`)
    }
  })

  it('name keys by the partition alone', () => {
    for (const { file, body } of FILES)
      for (const [, key] of codeOf(body).matchAll(/call\('[A-Z]+', ([^,)]+)/g))
        assert.match(key ?? '', /^(S\.(key|endpoints_key|letters_key)\(|key$|times$)/, `${file}: ${key}`)
  })

  it('have flags that Redis knows, and those that only ask write nothing', () => {
    const writes = /'(SET|DEL|H(SET|DEL|INCRBY)|Z(ADD|REM\w*|INCRBY)|S(ADD|REM)|RENAME)'/
    for (const { file, body } of FILES) {
      const words = /^-- Flags (.*)$/m.exec(body)?.[1]?.split(' ') ?? []
      for (const word of words) assert.ok(['no-writes', 'allow-oom'].includes(word), `${file}: ${word}`)
      if (words.includes('no-writes')) assert.doesNotMatch(codeOf(body), writes, file)
    }
  })

  it('are one library, named by what it holds', () => {
    const [one, other] = [loadLibrary(), loadLibrary()]
    assert.equal(one.name, other.name)
    assert.match(one.source, new RegExp(`^#!lua name=${one.name}\n`))
    assert.equal(one.functions.size, FILES.length)
    for (const name of one.functions.keys()) assert.ok(name.startsWith(`${one.name}_`))
  })
})
