/** As much of an OpenAPI 3.1 document as the page of the API shows. */
export type OpenApi = {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: { readonly schemas: { readonly [name: string]: Schema } }
}

export type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly security: readonly object[]
  readonly responses: { readonly [status: string]: Answer }
}

export type Parameter = {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly example?: unknown
  readonly schema: Schema
}

export type Answer = {
  readonly description: string
  readonly headers?: { readonly [name: string]: { readonly description?: string; readonly schema: Schema } }
  readonly content?: Content
}

export type Content = { readonly [type: string]: { readonly schema: Schema } }

export type Schema = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: { readonly [name: string]: Schema }
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly additionalProperties?: boolean | Schema
}

/** An operation with its place in the document. */
export type Place = { readonly method: string; readonly path: string; readonly operation: Operation }

/** Every operation, in the document's order. */
export function operationsOf(document: OpenApi): readonly Place[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
}

/** The name of the shared schema that `schema` refers to. */
export function referredName({ $ref }: Schema): string | undefined {
  return $ref?.replace('#/components/schemas/', '')
}

/** The schema itself, where it only refers to a shared one. */
export function resolve(document: OpenApi, schema: Schema): Schema {
  const name = referredName(schema)
  if (name === undefined) return schema
  const found = document.components.schemas[name]
  if (found === undefined) throw new Error(`docs/openapi.json has no schema ${name}`)
  return found
}
