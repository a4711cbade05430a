import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { after, before, describe, it, type TestContext } from 'node:test'
import { openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts'

/** A server of one test that answers everything with one page. */
async function serve(t: TestContext, html: string, headers: Record<string, string> = {}): Promise<string> {
  const answer: RequestListener = (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(html)
  const server = createServer(answer).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `http://127.0.0.1:${address.port}/`
}

const ICON = '<link rel="icon" href="data:,">'

describe('a watched page', () => {
  let chromium: TestBrowser
  before(async () => {
    chromium = await startBrowser()
  })
  after(() => chromium.close())

  /** What the watch tells of a page; expected, so that this test itself passes. */
  async function complaintsAbout(t: TestContext, html: string, headers: Record<string, string> = {}) {
    const watched = await chromium.newContext(t)
    const page = await openPage(watched, await serve(t, `${ICON}${html}`, headers))
    await page.evaluate('new Promise((resolve) => setTimeout(resolve))')
    const complaints = watched.watch.complaints()
    watched.watch.expect(/./)
    return complaints
  }

  it('may do what pages do', async (t) => {
    const html = `<h1>Hello</h1><script>fetch('/'); new Blob(['x']); console.warn('careful')</script>`
    assert.deepEqual(await complaintsAbout(t, html), [])
  })

  it('is complained about when it throws', async (t) => {
    const [complaint = ''] = await complaintsAbout(t, `<script>throw new Error('oh no')</script>`)
    assert.match(complaint, /^page error: Error: oh no/)
    const [rejection = ''] = await complaintsAbout(t, `<script>Promise.reject(new Error('nobody'))</script>`)
    assert.match(rejection, /^page error: Error: nobody/)
  })

  it('is complained about when it writes an error', async (t) => {
    const [complaint = ''] = await complaintsAbout(t, `<script>console.error('bad', 1)</script>`)
    assert.match(complaint, /^console error: bad 1 \(http:\/\/127\.0\.0\.1:\d+\/:1\)$/)
  })

  it('is complained about when it breaks its policy', async (t) => {
    const headers = { 'content-security-policy': "default-src 'self'; img-src data:" }
    const [complaint = ''] = await complaintsAbout(t, '<script>document.title = 1</script>', headers)
    assert.match(complaint, /^console error: .*Content Security Policy/)
  })

  it('is complained about when it asks others', async (t) => {
    const elsewhere = await serve(t, '', { 'access-control-allow-origin': '*' })
    const html = `<script>fetch('${elsewhere}'); new WebSocket('${elsewhere.replace('http', 'ws')}')</script>`
    const complaints = await complaintsAbout(t, html)
    assert.ok(complaints.includes(`asks another origin: ${elsewhere}`), complaints.join('\n'))
    assert.ok(complaints.includes(`asks another origin: ${elsewhere.replace('http', 'ws')}`))
  })
})
