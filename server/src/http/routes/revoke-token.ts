import { Type } from 'typebox'
import type { App } from '../app-type.ts'
import { BODY_OPTIONAL } from '../plugins/json-body.ts'
import { tokenRequest } from '../plugins/oauth-form.ts'
import { noContent } from '../schemas/documentation.ts'
import { credentialsAnd, FORM, OAUTH_CREDENTIALS, oauthRefusals, uncheckedForm } from '../schemas/oauth.ts'
import type { HttpServices } from '../services.ts'
import type { HttpSettings } from '../settings.ts'

const schema = {
  operationId: 'revokeToken',
  tags: ['Identity'],
  summary: 'Revoke a token',
  description: `An access or refresh token, as \`token\`. An unknown one is no error. ${OAUTH_CREDENTIALS}`,
  security: [],
  consumes: FORM,
  body: credentialsAnd({
    token: Type.String(),
    token_type_hint: Type.Optional(Type.String({ enum: ['access_token', 'refresh_token'] })),
  }),
  response: { 200: noContent('The token is good for nothing any more.'), ...oauthRefusals() },
}

/** RFC 7009 §2. */
export function revokeTokenRoute(
  app: App,
  { auth }: HttpServices,
  settings: Pick<HttpSettings, 'clientCredentialsInQuery'>,
): void {
  const options = { schema, validatorCompiler: uncheckedForm, config: BODY_OPTIONAL }
  app.post('/security/oauth/revoke', options, async (request, reply) => {
    await auth.revoke(tokenRequest(request, settings))
    return reply.send()
  })
}
