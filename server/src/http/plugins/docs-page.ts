import swaggerUi from '@fastify/swagger-ui'
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
