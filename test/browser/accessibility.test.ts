import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { complaints } from '../helpers/accessibility.ts'
import { startBrowser, type TestBrowser } from '../helpers/browser.ts'

const GOOD = '<main><h1>Hello</h1></main>'

describe('the check of what everybody can use', () => {
  let chromium: TestBrowser
  before(async () => {
    chromium = await startBrowser()
  })
  after(() => chromium.close())

  /** What is said about a page with that body. */
  async function about(t: TestContext, body: string): Promise<readonly string[]> {
    const { context } = await chromium.newContext(t)
    const page = await context.newPage()
    await page.setContent(`<!doctype html><html lang="en"><title>Page</title><body>${body}</body></html>`)
    return complaints(page)
  }

  it('has nothing to say about what is right', async (t) => {
    const body = `${GOOD}<label>Name <input placeholder="x"></label><button aria-label="Close"><svg></svg></button>
      <p style="color: #767676; background: #fff">grey enough</p><button disabled style="color: #eee">not now</button>
      <p hidden style="color: #eee">not shown</p>`
    assert.deepEqual(await about(t, body), [])
  })

  it('finds what has no name or label', async (t) => {
    const body = `${GOOD}<input id="a"><select id="b"></select><button id="c"></button><a id="d" href="#"></a>`
    assert.deepEqual(
      (await about(t, body)).map((text) => text.replace(/^(no \w+): .*id="(\w)".*$/s, '$1 $2')),
      ['no label a', 'no label b', 'no name c', 'no name d'],
    )
  })

  it('finds a structure that is none', async (t) => {
    const body =
      '<h1>One</h1><h1>Two</h1><p id="x">x</p><p id="x" tabindex="3" aria-describedby="nothing">y</p>'
    assert.deepEqual(await about(t, body), [
      '2 × <h1>',
      '0 × <main>',
      'id twice: x',
      'aria-describedby of nothing: <p#x> "y"',
      'tabindex above 0: <p#x> "y"',
    ])
  })

  it('finds text that does not stand out, through whatever is half transparent', async (t) => {
    for (const style of [
      'color: #777',
      'color: rgb(0 0 0 / 45%)',
      'color: oklch(0.6 0 0)',
      'color: #fff; background: rgb(0 0 0 / 40%)',
    ]) {
      const found = await about(t, `${GOOD}<p style="${style}">faint</p>`)
      assert.equal(found.length, 1, style)
      assert.match(found[0] ?? '', /^contrast [1-4]\.\d\d of text: <p> "faint"$/)
    }
  })
})
