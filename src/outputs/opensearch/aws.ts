/** Who signs requests to Amazon OpenSearch Service, or its serverless kind. */
import type { Static } from 'typebox'
import { Secret } from '../../config/fields.ts'
import { Type } from '../../config/type.ts'

export const awsSchema = Type.Object(
  {
    region: Type.String({ description: 'Region of the domain.', examples: ['eu-central-1'] }),
    service: Type.Union([Type.Literal('es'), Type.Literal('aoss')], {
      description: '`es` for a domain, `aoss` for OpenSearch Serverless.',
      default: 'es',
    }),
    access_key_id: Type.Optional(
      Type.String({
        description: 'Absent: the environment, AWS_ACCESS_KEY_ID and its companions.',
        minLength: 1,
      }),
    ),
    secret_access_key: Type.Optional(
      Secret({ description: 'Secret of the access key; absent: the environment.' }),
    ),
    session_token: Type.Optional(
      Secret({ description: 'For temporary credentials; absent: none.' }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'Signs requests as Amazon asks for (Signature Version 4). Credentials come from here or ' +
      'from the environment; roles of machines and containers are not asked for.',
  },
)

export type AwsConfig = Static<typeof awsSchema>

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Rejects with what is missing. */
export async function awsCredentials(
  config: AwsConfig,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<AwsCredentials> {
  const accessKeyId = config.access_key_id ?? env['AWS_ACCESS_KEY_ID']
  const secretAccessKey = config.secret_access_key ?? env['AWS_SECRET_ACCESS_KEY']
  const sessionToken = config.session_token ?? env['AWS_SESSION_TOKEN']
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Error(
      'cannot sign requests: no credentials; expected aws.access_key_id and ' +
        'aws.secret_access_key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment',
    )
  return {
    ...{ accessKeyId, secretAccessKey },
    ...(sessionToken !== undefined && { sessionToken }),
  }
}
