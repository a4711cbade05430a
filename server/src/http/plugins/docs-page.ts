import swaggerUi from '@fastify/swagger-ui'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { guardPages } from './page-headers.ts'

// Everything comes from this server. The page draws with style attributes and data: images.
const POLICY = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'connect-src': ["'self'"],
  'font-src': ["'self'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:'],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
}

/**
 * The human page at `/docs`, and the headers that keep a browser safe there.
 *
 * @param canTry whether it may send what a person fills in; not where the API is elsewhere
 */
export async function serveDocs(app: App, isTls: boolean, { canTry } = { canTry: true }): Promise<void> {
  await app.register(async (scope) => {
    await guardPages(scope, POLICY, isTls)
    answerInOneBuffer(scope, '/docs/json', JSON_TYPE, () => JSON.stringify(app.swagger()))
    answerInOneBuffer(scope, '/docs/yaml', 'application/x-yaml', () => app.swagger({ yaml: true }))
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      // Without the bar for other documents, and its logo.
      uiConfig: {
        layout: 'BaseLayout',
        deepLinking: true,
        docExpansion: 'list',
        persistAuthorization: false,
        ...(canTry ? {} : { supportedSubmitMethods: [] }),
      },
      theme: { title: 'Rollcall API' },
    })
  })
}

/**
 * Answers in the place of a route that would make its text anew for each request, and have each slow reader keep a copy
 * of its own: the document takes hundreds of kilobytes, and anybody may ask for it.
 */
function answerInOneBuffer(scope: App, url: string, contentType: string, make: () => string): void {
  let made: Buffer | undefined
  scope.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.url !== url) return done()
    made ??= Buffer.from(make())
    reply.header('content-type', contentType).send(made)
  })
}
