import { Type } from 'typebox'
import { OAuthError, showsCertificate, type TokenRequest } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { BODY_OPTIONAL } from '../plugins/json-body.ts'
import { tokenRequest } from '../plugins/oauth-form.ts'
import { answerRef, json } from '../schemas/documentation.ts'
import { credentialsAnd, FORM, OAUTH_CREDENTIALS, oauthRefusals, uncheckedForm } from '../schemas/oauth.ts'
import type { HttpServices } from '../services.ts'
import type { HttpSettings } from '../settings.ts'

const schema = {
  operationId: 'issueToken',
  tags: ['Identity'],
  summary: 'Get an access token',
  description: `Grants: \`client_credentials\`, \`password\`, \`refresh_token\`. ${OAUTH_CREDENTIALS}`,
  security: [],
  consumes: FORM,
  body: credentialsAnd({
    grant_type: Type.String({ enum: ['client_credentials', 'password', 'refresh_token'] }),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String({ format: 'password' })),
    refresh_token: Type.Optional(Type.String()),
  }),
  response: { 200: json('The token.', answerRef('TokenResponse')), ...oauthRefusals() },
}

/** RFC 6749 §3.2. */
export function issueTokenRoute(
  app: App,
  { auth, limits }: Pick<HttpServices, 'auth' | 'limits'>,
  settings: Pick<HttpSettings, 'backendsShowCertificate' | 'clientCredentialsInQuery'>,
): void {
  const { backendsShowCertificate } = settings
  const options = { schema, validatorCompiler: uncheckedForm, config: BODY_OPTIONAL }
  app.post('/security/oauth/token', options, async (request, reply) => {
    const wanted = tokenRequest(request, settings)
    if (backendsShowCertificate === true && isOfBackend(wanted) && !showsCertificate(request.raw.socket))
      throw new OAuthError('invalid_client', 'A backend needs a client certificate here.')
    if (isNew(wanted)) limits.shedding.admit('sign-in')
    const issued = await auth.token(wanted)
    return reply.header('content-type', JSON_TYPE).send(JSON.stringify(issued))
  })
}

/** Who refreshes is signed in, and would be unreachable without a token. */
function isNew({ parameters }: TokenRequest): boolean {
  return !parameters.some(([name, value]) => name === 'grant_type' && value === 'refresh_token')
}

/** A person of role SERVICE gets a token by password, and meets the same at its use. */
function isOfBackend({ parameters }: TokenRequest): boolean {
  return parameters.some(([name, value]) => name === 'grant_type' && value === 'client_credentials')
}
