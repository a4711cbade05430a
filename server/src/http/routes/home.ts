import type { App } from '../app-type.ts'

/** People who type the host alone are taken to the page that explains the rest. */
export function homeRoute(app: App): void {
  app.get('/', { schema: { hide: true } }, (_request, reply) => {
    reply.redirect('/docs')
  })
}
