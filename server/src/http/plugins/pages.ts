import { join, sep } from 'node:path'
import serveFiles from '@fastify/static'
import type { FastifyReply } from 'fastify'
import type { App } from '../app-type.ts'
import type { Page } from '../settings.ts'
import { guardPages } from './page-headers.ts'

// Scripts, styles and data of this server alone, nothing inline. `'self'` of an http page covers ws: of the same
// host and port, of an https page wss: (CSP3 §6.7.2.8), so that a page may hold an MQTT link of its own.
const POLICY = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'connect-src': ["'self'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:'],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
}

/** A build names these files by their content: what has another content has another name. */
const FOR_GOOD = 'public, max-age=31536000, immutable'
/** Kept, and asked about at each use: the answer is 304 as long as nothing has changed. */
const ASK_FIRST = 'no-cache'

/**
 * Serves built pages, a route for each file that is in their folders now. A URL is never turned into a path:
 * what has no route is not found, whatever it spells. Files that begin with a dot have none.
 */
export async function servePages(app: App, pages: readonly Page[], isTls: boolean): Promise<void> {
  for (const page of pages)
    await app.register(async (scope) => {
      await guardPages(scope, POLICY, isTls)
      scope.get(page.path.slice(0, -1), { schema: { hide: true } }, (_request, reply) => {
        reply.redirect(page.path)
      })
      await scope.register(serveFiles, {
        root: page.folder,
        prefix: page.path,
        wildcard: false,
        dotfiles: 'deny',
        decorateReply: false,
        // Small files, read whole: ranges would only be more to get wrong.
        acceptRanges: false,
        cacheControl: false,
        lastModified: false,
        setHeaders: (reply, path) => sayHowLong(reply, path, page),
      })
    })
}

function sayHowLong(reply: FastifyReply, path: string, { folder }: Page): void {
  const isNamedByContent = path.startsWith(join(folder, 'assets') + sep)
  reply.header('cache-control', isNamedByContent ? FOR_GOOD : ASK_FIRST)
}
