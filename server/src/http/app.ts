import type { RequestListener, Server } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { BODY_BYTES_MAX } from '@rollcall/protocol/limits'
import { fastify, LogController } from 'fastify'
import { clientErrorHandler } from './answers/client-error.ts'
import type { App } from './app-type.ts'
import { AnswerGate } from './connections/answer-gate.ts'
import { trustedProxies } from './connections/client-address.ts'
import { createNodeServer } from './connections/node-server.ts'
import { SocketOrigins } from './connections/socket-origins.ts'
import { auditRoutes } from './plugins/audit.ts'
import { requireToken } from './plugins/authenticate.ts'
import { serveDocs } from './plugins/docs-page.ts'
import { answerErrors, answerThrown } from './plugins/errors.ts'
import { boundHeaders } from './plugins/header-bytes.ts'
import { ignoreTypesOfNothing, readJson, readRawBulk, readRawJson } from './plugins/json-body.ts'
import { refuseUnknownOrganizations } from './plugins/known-organization.ts'
import { speakOAuth } from './plugins/oauth-form.ts'
import { documentRoutes } from './plugins/openapi.ts'
import { servePages } from './plugins/pages.ts'
import { answeredPreflight, answerPreflights } from './plugins/preflight.ts'
import { logRequests, requestIds } from './plugins/request-log.ts'
import { requireHost } from './plugins/required-host.ts'
import { requireTls } from './plugins/transport-security.ts'
import { VALIDATOR_OPTIONS } from './plugins/validation.ts'
import { acknowledgeEventsRoute } from './routes/acknowledge-events.ts'
import { answerEventRoute } from './routes/answer-event.ts'
import { authorizationServerRoute } from './routes/authorization-server.ts'
import { dayStatisticsRoute } from './routes/day-statistics.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { addEntryRoutes } from './routes/directory/add-entry.ts'
import { changeEntryRoutes } from './routes/directory/change-entry.ts'
import { entrySecretRoutes } from './routes/directory/entry-secrets.ts'
import { findEntryRoutes } from './routes/directory/find-entry.ts'
import { listAuthoritiesRoute } from './routes/directory/list-authorities.ts'
import { listEntriesRoutes } from './routes/directory/list-entries.ts'
import { removeEntryRoutes } from './routes/directory/remove-entry.ts'
import { eraseUserRoute } from './routes/erase-user.ts'
import { exportUserRoute } from './routes/export-user.ts'
import { findEndpointRoute } from './routes/find-endpoint.ts'
import { findEventRoute } from './routes/find-event.ts'
import { healthRoutes } from './routes/health.ts'
import { homeRoute } from './routes/home.ts'
import { iceServersRoute } from './routes/ice-servers.ts'
import { identityProviderRoutes } from './routes/identity-provider.ts'
import { issueTokenRoute } from './routes/issue-token.ts'
import { jsonWebKeysRoute } from './routes/json-web-keys.ts'
import { keepaliveRoute } from './routes/keepalive.ts'
import { kickEndpointRoute } from './routes/kick-endpoint.ts'
import { listAuditRoute } from './routes/list-audit.ts'
import { listEndpointsRoute } from './routes/list-endpoints.ts'
import { listEventsRoute } from './routes/list-events.ts'
import { listOrganizationsRoute } from './routes/list-organizations.ts'
import { listUsersRoute } from './routes/list-users.ts'
import { listUsersEndpointsRoute } from './routes/list-users-endpoints.ts'
import { listWebhooksRoute } from './routes/list-webhooks.ts'
import { metricsRoute } from './routes/metrics.ts'
import { nodesRoute } from './routes/nodes.ts'
import { noticesRoute } from './routes/notices.ts'
import { openApiDocumentRoute } from './routes/openapi-document.ts'
import { presenceRoute } from './routes/presence.ts'
import { previewMasksRoute } from './routes/preview-masks.ts'
import { registerRoutes } from './routes/register.ts'
import { revokeTokenRoute } from './routes/revoke-token.ts'
import { revokeUserRoute } from './routes/revoke-user.ts'
import { sdkRoutes } from './routes/sdk.ts'
import { sendEventRoute } from './routes/send-event.ts'
import { sendEventsRoute } from './routes/send-events.ts'
import { statisticsRoute } from './routes/statistics.ts'
import { streamEventsRoute } from './routes/stream-events.ts'
import { unregisterRoute } from './routes/unregister.ts'
import { wakeUpWaysRoute } from './routes/wake-up-ways.ts'
import { webhookAttemptRoutes } from './routes/webhook-attempts.ts'
import type { HttpServices } from './services.ts'
import { type HttpSettings, headerBytesMax } from './settings.ts'
import { EventStreams } from './streams/streams.ts'

/** The whole HTTP front, as a list: what holds everywhere, then each group of routes with what it needs. */
export async function buildApp(
  services: HttpServices,
  settings: HttpSettings,
  {
    gate = new AnswerGate(),
    streams = new EventStreams(services, settings),
    ...parts
  }: Partial<FrontParts> = {},
): Promise<App> {
  const app = createFastify(services, settings, parts)
  // Where nothing reads bodies, a body is refused, or left alone on an unknown path.
  app.removeAllContentTypeParsers()
  app.setSerializerCompiler(() => JSON.stringify)
  answerErrors(app, services)
  ignoreTypesOfNothing(app)
  boundHeaders(app, headerBytesMax(settings))
  answerPreflights(app, settings.allowedOrigins)
  if (settings.logRequests) logRequests(app, services.log)
  if (settings.tls !== undefined) requireTls(app)
  await documentRoutes(app, settings.keepAliveSecondsMax)
  await addIdentity(app, services, settings)
  await addApi(app, services, settings, { gate, streams })
  addOperations(app, services, settings)
  if (settings.docs !== false) await serveDocs(app, settings.tls !== undefined)
  await servePages(app, settings.pages, settings.tls !== undefined)
  if (settings.sdk !== undefined) await sdkRoutes(app, settings.sdk)
  return app
}

/** What the ways that requests can take have in common. */
export type FrontParts = {
  /** The server whose requests a handler gets. Default: one of its own. */
  readonly serverFor: (handler: RequestListener) => Server
  readonly gate: AnswerGate
  readonly streams: EventStreams
  readonly requestId: (given: string | undefined) => string
}

/** Fastify with our bounds, our errors, and nothing served yet. */
export function createFastify(
  services: HttpServices,
  settings: HttpSettings,
  {
    serverFor = (handler) => createNodeServer(handler, settings),
    requestId = requestIds(services.random),
  }: Partial<Omit<FrontParts, 'gate' | 'streams'>> = {},
): App {
  const origins = new SocketOrigins()
  const { allowedOrigins } = settings
  const app = fastify({
    serverFactory: (handler) => serverFor(origins.watch(handler)),
    clientErrorHandler: clientErrorHandler(services.metrics, allowedOrigins, (socket) => origins.of(socket)),
    // A URL that cannot be decoded comes by no hook.
    frameworkErrors: (error, request, reply) => {
      if (!answeredPreflight(request, reply, allowedOrigins)) answerThrown(services, error, request, reply)
    },
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: ({ headers: { 'x-request-id': given } }) =>
      requestId(typeof given === 'string' ? given : undefined),
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: settings.trustedProxies.length > 0 && trustedProxies(settings.trustedProxies),
    return503OnClosing: false,
    // No URL is longer: an id that is too long is one that nobody has, as any other.
    routerOptions: { maxParamLength: headerBytesMax(settings) },
    ajv: { customOptions: VALIDATOR_OPTIONS },
  }).withTypeProvider<TypeBoxTypeProvider>()
  // Before everything else: whoever asks by another name learns nothing.
  if (settings.isHostAllowed !== undefined) requireHost(app, settings.isHostAllowed)
  return app
}

async function addIdentity(app: App, services: HttpServices, settings: HttpSettings): Promise<void> {
  await app.register(async (scope) => {
    speakOAuth(scope, services, settings)
    issueTokenRoute(scope, services, settings)
    revokeTokenRoute(scope, services, settings)
    identityProviderRoutes(scope, services)
  })
  jsonWebKeysRoute(app, services)
  authorizationServerRoute(app, services)
}

async function addApi(
  app: App,
  services: HttpServices,
  settings: HttpSettings,
  { gate, streams }: Pick<FrontParts, 'gate' | 'streams'>,
): Promise<void> {
  await app.register(
    async (scope) => {
      auditRoutes(scope, services)
      requireToken(scope, services, settings)
      refuseUnknownOrganizations(scope, services)
      readJson(scope, services.limits)
      registerRoutes(scope, services, settings, gate)
      unregisterRoute(scope, services)
      keepaliveRoute(scope, services, gate)
      listEndpointsRoute(scope, services)
      findEndpointRoute(scope, services)
      streamEventsRoute(scope, services, streams)
      acknowledgeEventsRoute(scope, services, gate)
      findEventRoute(scope, services)
      listEventsRoute(scope, services)
      listWebhooksRoute(scope, services)
      deadLetterRoutes(scope, services)
      webhookAttemptRoutes(scope, services)
      statisticsRoute(scope, services)
      dayStatisticsRoute(scope, services)
      noticesRoute(scope, services, settings)
      nodesRoute(scope, services)
      iceServersRoute(scope, services, settings)
      wakeUpWaysRoute(scope, services)
      listUsersRoute(scope, services)
      listOrganizationsRoute(scope, services)
      listUsersEndpointsRoute(scope, services)
      kickEndpointRoute(scope, services)
      presenceRoute(scope, services)
      revokeUserRoute(scope, services)
      eraseUserRoute(scope, services)
      exportUserRoute(scope, services)
      directoryRoutes(scope, services)
      listAuditRoute(scope, services)
      await scope.register(async (raw) => {
        readRawJson(raw, services.limits)
        sendEventRoute(raw, services, gate)
        answerEventRoute(raw, services, gate)
        previewMasksRoute(raw, services)
      })
      await scope.register(async (bulk) => {
        readRawBulk(bulk)
        sendEventsRoute(bulk, services, gate)
      })
    },
    { prefix: '/rtc-api' },
  )
}

function directoryRoutes(scope: App, services: HttpServices): void {
  listAuthoritiesRoute(scope, services)
  listEntriesRoutes(scope, services)
  findEntryRoutes(scope, services)
  addEntryRoutes(scope, services)
  changeEntryRoutes(scope, services)
  removeEntryRoutes(scope, services)
  entrySecretRoutes(scope, services)
}

function addOperations(app: App, services: HttpServices, settings: HttpSettings): void {
  healthRoutes(app, services.readiness)
  if (settings.metrics !== false) metricsRoute(app, services, settings.metricsToken)
  openApiDocumentRoute(app)
  homeRoute(app, settings)
}
