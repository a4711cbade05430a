import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ERRORS } from './error-code.ts'
import { KEEP_ALIVE_REQUESTED } from './event.ts'
import { LIFECYCLE_EVENTS } from './lifecycle.ts'
import * as limits from './limits.ts'

const DOCUMENT = new URL('../PROTOCOL.md', import.meta.url)
const TEXT = readFileSync(DOCUMENT, 'utf8')
const ROWS = TEXT.split('\n').filter((line) => line.startsWith('| '))

/** A row of the table of errors, cut at its bars: other tables name some of the same words. */
const ERROR_CELLS = 7

/** The cells of the only row of a table that has `cell` in this column, and so many of them at least. */
function rowWith(column: number, cell: string, cellsMin = 0): readonly string[] {
  const found = ROWS.map((row) => row.split('|').map((text) => text.trim())).filter(
    (cells) => cells[column] === cell && cells.length >= cellsMin,
  )
  assert.equal(found.length, 1, `one row with ${cell}`)
  return found.flat()
}

describe('PROTOCOL.md', () => {
  it('gives every limit its value', () => {
    for (const [name, value] of Object.entries(limits)) {
      const [, , shown = ''] = rowWith(3, `\`${name}\``)
      assert.equal(shown.split(' ', 1)[0], value.toLocaleString('en-US'), name)
    }
  })

  it('lists every error code with its status, reason code and retry', () => {
    for (const [code, { status, reason, retryable }] of Object.entries(ERRORS)) {
      const [, , shownStatus, shownReason, shownRetry] = rowWith(1, `\`${code}\``, ERROR_CELLS)
      const reasonCode = `\`0x${reason.toString(16).toUpperCase()}\``
      assert.deepEqual(
        [shownStatus, shownReason, shownRetry],
        [String(status), reasonCode, retryable ? 'yes' : 'no'],
        code,
      )
    }
  })

  it('names the reminder', () => assert.ok(TEXT.includes(`"${KEEP_ALIVE_REQUESTED}"`)))

  it('lists every lifecycle event with its reasons', () => {
    for (const [type, reasons] of Object.entries(LIFECYCLE_EVENTS)) {
      const [, , shown = ''] = rowWith(1, `\`${type}\``)
      assert.equal(shown, reasons.map((reason) => `\`${reason}\``).join(', '), type)
    }
  })

  it('links to files and headings that exist', () => {
    const slugs = [...TEXT.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slugOf(heading))
    const links = [...TEXT.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
    assert.ok(links.length > 20)
    for (const link of links.filter((target) => !target.startsWith('https://'))) {
      const [file = '', anchor = ''] = link.split('#')
      if (file === '') assert.ok(slugs.includes(anchor), `no heading for ${link}`)
      else assert.ok(existsSync(new URL(file, DOCUMENT)), `no file ${link}`)
    }
  })
})

/** As GitHub makes them. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}
