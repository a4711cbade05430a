import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import type { HttpSettings } from './http.ts'

const NOBODY = { headers: { authorization: '' } }
const SECRET = 'no page'
const SCRIPT = 'assets/index-Ab3_x-9Q.js'

/** A built page, with what must not be served beside and inside it. */
async function buildPage(test: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'rollcall-pages-'))
  test.after(() => rm(root, { recursive: true, force: true }))
  const folder = join(root, 'dist')
  await mkdir(join(folder, 'assets'), { recursive: true })
  await mkdir(join(folder, '.vite'))
  const files = {
    'index.html': '<!doctype html><title>A page</title>',
    'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    [SCRIPT]: 'export {}',
    [`${SCRIPT}.map`]: '{"version":3}',
    'assets/index-Ab3_x-9Q.css': 'body{}',
    '.secret': SECRET,
    '.vite/manifest.json': SECRET,
    '../secret.txt': SECRET,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

async function openPages(test: TestContext, settings: Partial<HttpSettings> = {}) {
  const folder = await buildPage(test)
  const pages = ['/console/', '/examples/ring/'].map((path) => ({ path, folder }))
  const fixture = await openHttp(test, { settings: { pages, ...settings } })
  return { ...fixture, folder, url: await fixture.listen() }
}

/** A GET of exactly this path: where a URL is parsed, its dots are resolved before they are sent. */
async function getAsWritten(url: string, path: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url)
  const outgoing = get({ hostname, port, path, agent: false })
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response')
  if (incoming === undefined) throw new Error('no response')
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return { status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
}

describe('built pages', () => {
  it('are served with their scripts, styles and source maps', async (test) => {
    const { url } = await openPages(test)
    for (const [path, type] of [
      ['', 'text/html; charset=utf-8'],
      ['index.html', 'text/html; charset=utf-8'],
      ['icon.svg', 'image/svg+xml'],
      [SCRIPT, 'application/javascript; charset=utf-8'],
      [`${SCRIPT}.map`, 'application/json; charset=utf-8'],
      ['assets/index-Ab3_x-9Q.css', 'text/css; charset=utf-8'],
    ] as const)
      for (const page of ['/console/', '/examples/ring/']) {
        const answer = await ask(url, `GET ${page}${path}`, NOBODY)
        assert.equal(answer.status, 200, page + path)
        assert.equal(answer.headers['content-type'], type)
        assert.ok(answer.text.length > 0)
        const head = await ask(url, `HEAD ${page}${path}`, NOBODY)
        assert.equal(head.status, 200)
        assert.equal(head.headers['content-length'], String(answer.text.length))
        assert.equal(head.text, '')
      }
  })

  it('keep a browser safe with every answer', async (test) => {
    const { url } = await openPages(test)
    for (const path of ['/console', '/console/', `/console/${SCRIPT}`, `/console/${SCRIPT}.map`]) {
      const { headers } = await ask(url, `GET ${path}`, NOBODY)
      assert.equal(
        headers['content-security-policy'],
        "default-src 'none';base-uri 'none';connect-src 'self';form-action 'none';frame-ancestors 'none';img-src 'self' data:;script-src 'self';style-src 'self'",
        path,
      )
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
      assert.equal(headers['strict-transport-security'], undefined)
      assert.equal(headers['set-cookie'], undefined)
    }
  })

  it('tell browsers to come by HTTPS where the server speaks it', async (test) => {
    const certificates = new URL('../../../test/helpers/certificates/', import.meta.url)
    const read = (name: string): Promise<Buffer> => readFile(new URL(name, certificates))
    const tls = { cert: await read('first.cert.pem'), key: await read('first.key.pem') }
    const { url } = await openPages(test, { tls })
    const header = await new Promise((resolve, reject) => {
      const outgoing = request(`${url}/console/`, { rejectUnauthorized: false, agent: false }, (answer) => {
        answer.resume()
        resolve(answer.headers['strict-transport-security'])
      })
      outgoing.on('error', reject).end()
    })
    assert.equal(header, 'max-age=31536000')
  })

  it('are asked about at each use, and kept for good where their names tell the content', async (test) => {
    const { url, folder } = await openPages(test)
    const page = await ask(url, 'GET /console/', NOBODY)
    assert.equal(page.headers['cache-control'], 'no-cache')
    assert.equal((await ask(url, 'GET /console/icon.svg', NOBODY)).headers['cache-control'], 'no-cache')
    const etag = String(page.headers.etag)
    const again = await ask(url, 'GET /console/', { headers: { authorization: '', 'if-none-match': etag } })
    assert.equal(again.status, 304)
    assert.equal(again.text, '')
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>Another page</title>')
    const anew = await ask(url, 'GET /console/', { headers: { authorization: '', 'if-none-match': etag } })
    assert.equal(anew.status, 200)
    assert.match(anew.text, /Another page/)
    for (const path of [SCRIPT, `${SCRIPT}.map`]) {
      const asset = await ask(url, `GET /console/${path}`, NOBODY)
      assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable')
    }
  })

  it('stand where `/` leads, unless there is no console', async (test) => {
    const { url, folder } = await openPages(test)
    for (const [path, to] of [
      ['/', '/console/'],
      ['/console', '/console/'],
      ['/examples/ring', '/examples/ring/'],
    ] as const) {
      const answer = await ask(url, `GET ${path}`, NOBODY)
      assert.equal(answer.status, 302)
      assert.equal(answer.headers.location, to)
    }
    const bare = await openHttp(test)
    assert.equal((await ask(await bare.listen(), 'GET /', NOBODY)).headers.location, '/docs')
    const ring = await openHttp(test, { settings: { pages: [{ path: '/examples/ring/', folder }] } })
    const other = await ring.listen()
    assert.equal((await ask(other, 'GET /', NOBODY)).headers.location, '/docs')
    for (const path of ['/console', '/console/', '/console/index.html'])
      assert.equal((await ask(other, `GET ${path}`, NOBODY)).status, 404, path)
  })
})

describe('what is no page', () => {
  it('is not found, however it is spelled', async (test) => {
    const { url } = await openPages(test)
    for (const path of [
      '/console/nothing.html',
      '/console/.secret',
      '/console/%2esecret',
      '/console/.vite/manifest.json',
      '/console/assets',
      '/console/assets/',
      '/console//',
      '/console//index.html',
      '/console/./index.html',
      '/console/assets/../index.html',
      '/console/../secret.txt',
      '/console/..%2fsecret.txt',
      '/console/%2e%2e/secret.txt',
      '/console/%2e%2e%2fsecret.txt',
      '/console/..%5csecret.txt',
      '/console/..\\secret.txt',
      '/console/....//secret.txt',
      '/console/%252e%252e%252fsecret.txt',
      '/console/assets/..%2f..%2fsecret.txt',
      '/console/index.html%00',
      '/console/%00',
      '/console/index.html%00.js',
      '/console/index.html/',
      '/console/INDEX.HTML',
      '/console/index.html;x',
      '/console/__proto__',
      '/console..',
      '/consolex',
      '/examples/',
      '/examples',
    ]) {
      const answer = await getAsWritten(url, path)
      assert.equal(answer.status, 404, path)
      assert.equal(JSON.parse(answer.text).error, 'not_found', path)
    }
    for (const path of ['/console/%', '/console/%c0%ae%c0%ae/secret.txt'])
      assert.equal((await getAsWritten(url, path)).status, 400, path)
  })

  it('is refused: anything but GET and HEAD', async (test) => {
    const { url } = await openPages(test)
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      for (const path of ['/console/', '/console', `/console/${SCRIPT}`]) {
        const answer = await ask(url, `${method} ${path}`, { headers: { authorization: '' } })
        assert.equal(answer.status, 405, `${method} ${path}`)
        assert.equal(answer.headers.allow, 'GET, HEAD')
      }
  })

  it('is in no list of the API, and no path of this machine in an answer', async (test) => {
    const { url, folder } = await openPages(test)
    const document = await ask(url, 'GET /rtc-api/openapi.json', NOBODY)
    assert.ok(!/"\/(console|examples)/.test(document.text))
    await rm(folder, { recursive: true })
    const gone = await ask(url, 'GET /console/', NOBODY)
    assert.equal(gone.status, 404)
    assert.ok(!gone.text.includes('rollcall-pages'))
  })

  it('is a link that leads out of the folder after the start', async (test) => {
    const { url, folder } = await openPages(test)
    await symlink(join(folder, '../secret.txt'), join(folder, 'link.txt'))
    assert.equal((await ask(url, 'GET /console/link.txt', NOBODY)).status, 404)
  })
})
