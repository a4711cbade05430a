import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { App } from '../app-type.ts'
import type { SdkFile } from '../settings.ts'

const HEADERS = {
  // It is public, and pages of any origin import it: a module is always asked for with CORS (HTML, "fetch a module script").
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
}
/** The name holds the version, and a version has one content. */
const FOR_GOOD = 'public, max-age=31536000, immutable'
/** Kept, and asked about at each use: the answer is 304 as long as nothing has changed. */
const ASK_FIRST = 'no-cache'

/**
 * The SDK as one ES module, for pages without a bundler: `/sdk.js` is that of this server's version, and
 * `/sdk-VERSION.js` the same, or nothing once the server has another one. Read once, at the start.
 */
export async function sdkRoutes(app: App, { file, version }: SdkFile): Promise<void> {
  // Who makes the build smaller may leave the map out.
  const [code, map] = await Promise.all([readFile(file), readFile(`${file}.map`).catch(() => undefined)])
  const script = 'text/javascript; charset=utf-8'
  serve(app, '/sdk.js', { body: code, type: script, caching: ASK_FIRST })
  serve(app, `/sdk-${version}.js`, { body: code, type: script, caching: FOR_GOOD })
  if (map !== undefined)
    serve(app, '/sdk.js.map', { body: map, type: 'application/json; charset=utf-8', caching: ASK_FIRST })
}

type Content = { readonly body: Buffer; readonly type: string; readonly caching: string }

function serve(app: App, path: string, { body, type, caching }: Content): void {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
  app.get(path, { schema: { hide: true } }, (request, reply) => {
    reply.headers({ ...HEADERS, 'cache-control': caching, etag })
    const { 'if-none-match': known } = request.headers
    if (known !== undefined && isAmong(known, etag)) return reply.code(304).send()
    return reply.type(type).send(body)
  })
}

/** RFC 9110 §13.1.2: any of a list, compared weakly; proxies that compress make tags weak. */
function isAmong(known: string, etag: string): boolean {
  return known === '*' || known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
