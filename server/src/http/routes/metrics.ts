import { createHash, timingSafeEqual } from 'node:crypto'
import { RollcallError } from '@rollcall/protocol/error-code'
import type { App } from '../app-type.ts'
import { bearerChallenge, bearerToken } from '../plugins/authenticate.ts'
import { refusals, text } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'

const schema = {
  operationId: 'getMetrics',
  tags: ['Operations'],
  summary: 'Prometheus metrics',
  description: 'Needs the configured `metricsToken` as bearer token, where there is one.',
  security: [],
  response: { 200: text('In the Prometheus text format.', 'text/plain'), ...refusals(401) },
}

/** How old an answer may be, milliseconds: whoever scrapes does it less often. */
const FRESH_MS = 1_000

export function metricsRoute(
  app: App,
  { metrics, clock }: Pick<HttpServices, 'metrics' | 'clock'>,
  metricsToken: string | undefined,
): void {
  const isAllowed = tokenCheck(metricsToken)
  const render = atMostEvery(FRESH_MS, clock, metrics.render)
  app.get('/metrics', { schema }, async (request, reply) => {
    const token = bearerToken(request.raw.headers.authorization)
    if (!isAllowed(token)) {
      reply.header('www-authenticate', bearerChallenge(token !== undefined))
      throw new RollcallError('unauthorized')
    }
    const { contentType, body } = await render()
    return reply.header('cache-control', 'no-store').header('content-type', contentType).send(body)
  })
}

type Rendered = { readonly contentType: string; readonly body: Buffer }

/** To make them takes a millisecond, whoever asks and however often: they are made once and shown for a while. */
function atMostEvery(
  freshMs: number,
  clock: HttpServices['clock'],
  render: HttpServices['metrics']['render'],
): () => Promise<Rendered> {
  let made: Promise<Rendered> | undefined
  let madeAtMs = Number.NEGATIVE_INFINITY
  return () => {
    const nowMs = clock.monotonicMs()
    if (made !== undefined && nowMs - madeAtMs < freshMs) return made
    madeAtMs = nowMs
    made = render().then(({ contentType, body }) => ({ contentType, body: Buffer.from(body) }))
    made.catch(() => {
      made = undefined
    })
    return made
  }
}

/** Compares digests, which have one length, so that the time it takes tells nothing about the token. */
function tokenCheck(expected: string | undefined): (given: string | undefined) => boolean {
  if (expected === undefined) return () => true
  const digest = (token: string): Buffer => createHash('sha256').update(token).digest()
  const expectedDigest = digest(expected)
  return (given) => given !== undefined && timingSafeEqual(digest(given), expectedDigest)
}
