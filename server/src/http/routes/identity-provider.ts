import { Type } from 'typebox'
import type { TokenRequest } from '../../auth/auth.ts'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { BODY_OPTIONAL } from '../plugins/json-body.ts'
import { formRequest } from '../plugins/oauth-form.ts'
import { answerRef, json, noContent } from '../schemas/documentation.ts'
import { FORM, providerRefusals, uncheckedForm } from '../schemas/oauth.ts'
import type { HttpServices } from '../services.ts'

const SHARED = { tags: ['Identity'], security: [] }
const AS_FORM = { ...SHARED, consumes: FORM }

const providersSchema = {
  operationId: 'listIdentityProviders',
  ...SHARED,
  summary: 'Where people can sign in besides',
  description: 'For the sign-in page of the console. Empty where `openIdConnect` is not set.',
  response: {
    200: json(
      'What to write on the buttons.',
      Type.Object({
        providers: Type.Array(Type.Object({ name: Type.String({ examples: ['Example login'] }) })),
      }),
    ),
  },
}

const authorizeSchema = {
  operationId: 'beginSignIn',
  ...AS_FORM,
  summary: 'Begin to sign in at the identity provider',
  description:
    'OpenID Connect, code flow with PKCE. Whoever asks makes up `state`, `nonce` and a code verifier for this one sign-in, keeps them, and goes to the address. The browser comes back to the console.',
  body: Type.Object({
    state: Type.String({ description: '22 to 128 characters of base64url.', examples: ['$STATE'] }),
    nonce: Type.String({ description: 'The same.', examples: ['$NONCE'] }),
    code_challenge: Type.String({
      description: 'Of the verifier, by S256 (RFC 7636).',
      examples: ['$CHALLENGE'],
    }),
  }),
  response: {
    200: json(
      'Where to go, and where the browser comes back to.',
      Type.Object({
        authorization_url: Type.String({ examples: ['https://login.example.com/authorize?client_id=…'] }),
        redirect_uri: Type.String({ examples: ['https://rollcall.example.com/console/'] }),
      }),
    ),
    ...providerRefusals(),
  },
}

const tokenSchema = {
  operationId: 'finishSignIn',
  ...AS_FORM,
  summary: 'Get an access token for a sign-in at the identity provider',
  description:
    'The server exchanges the code, checks the ID token, and goes by what is configured of its claims. There is no refresh token. `access_denied` (403): the provider knows the person, and nothing lets it in here.',
  body: Type.Object({
    code: Type.String({ description: 'As the browser came back with it. Good once.', examples: ['$CODE'] }),
    state: Type.String({
      description: 'Likewise; whoever asks has compared it with its own.',
      examples: ['$STATE'],
    }),
    iss: Type.Optional(Type.String({ description: 'Likewise, where it was there (RFC 9207).' })),
    nonce: Type.String({ examples: ['$NONCE'] }),
    code_verifier: Type.String({ examples: ['$VERIFIER'] }),
  }),
  response: { 200: json('The token.', answerRef('TokenResponse')), ...providerRefusals(403) },
}

const revokeSchema = {
  operationId: 'endSignIn',
  ...AS_FORM,
  summary: 'Revoke a token of such a sign-in',
  description:
    'An access token, as `token`: whoever has it may end it. Any other is no error, and is left alone.',
  body: Type.Object({ token: Type.String() }),
  response: { 200: noContent('The token is good for nothing any more.'), ...providerRefusals() },
}

/** Signing in at an identity provider, for the console: nothing is kept of it here between its steps. */
export function identityProviderRoutes(
  app: App,
  { auth: { oidc }, limits }: Pick<HttpServices, 'auth' | 'limits'>,
): void {
  app.get('/security/oidc', { schema: providersSchema }, async (_request, reply) =>
    reply.header('content-type', JSON_TYPE).send(JSON.stringify({ providers: oidc.providers() })),
  )
  post(app, 'authorize', authorizeSchema, async (request) => {
    limits.shedding.admit('sign-in')
    return oidc.authorize(request)
  })
  post(app, 'token', tokenSchema, async (request) => {
    limits.shedding.admit('sign-in')
    return oidc.token(request)
  })
  post(app, 'revoke', revokeSchema, (request) => oidc.revoke(request))
}

/** What proves something stands in the body, never in the URL. */
function post(
  app: App,
  path: string,
  schema: object,
  work: (request: TokenRequest) => Promise<unknown>,
): void {
  const options = { schema, validatorCompiler: uncheckedForm, config: BODY_OPTIONAL }
  app.post(`/security/oidc/${path}`, options, async (request, reply) => {
    const answer = await work(formRequest(request))
    if (answer === undefined) return reply.send()
    return reply.header('content-type', JSON_TYPE).send(JSON.stringify(answer))
  })
}
