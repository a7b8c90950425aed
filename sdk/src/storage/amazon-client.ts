import { findSecretFile, invalidCredential } from './secret-files.js'

/** The part of the environment that is looked at. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface AmazonIdentity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** What Amazon's SDK would do by itself: the providers of a client that was made without settings. */
export interface AmazonChain {
  readonly region: () => Promise<string>
  readonly credentials: () => Promise<AmazonIdentity>
}

export interface AmazonClientSettings {
  readonly region: () => Promise<string>
  readonly credentials: () => Promise<AmazonIdentity>
  readonly maxAttempts: number
  readonly requestHandler: { readonly connectionTimeout: number; readonly socketTimeout: number }
  readonly endpoint?: string
}

/** A dead connection must not hold a worker for ever; long polls take 20 seconds. */
const CONNECTION_TIMEOUT_MS = 10_000
const SOCKET_TIMEOUT_MS = 60_000

/**
 * Settings of a client of an Amazon service: the endpoint of AWS_ENDPOINT_URL_<SERVICE> or AWS_ENDPOINT_URL; region and
 * credentials as the SDK finds them (environment, profiles, roles), else from CloudVolume's secrets.
 * Also stops the SDK from printing its notice on versions of Node: it is for those who choose one.
 * @param service as in the names of variables: SQS, CLOUDWATCH
 */
export function amazonClientSettings(
  service: string,
  environment: Environment,
  chain: AmazonChain,
): AmazonClientSettings {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  const endpoint = environment[`AWS_ENDPOINT_URL_${service}`] || environment.AWS_ENDPOINT_URL
  return {
    async region() {
      // the name other tools of Amazon know; the SDK for JavaScript reads AWS_REGION only
      if (!environment.AWS_REGION && environment.AWS_DEFAULT_REGION) return environment.AWS_DEFAULT_REGION
      try {
        return await chain.region()
      } catch (error) {
        const found = (await readSecret(service))?.region
        // an emulator does not mind
        if (found !== undefined || endpoint !== undefined) return found ?? 'us-east-1'
        throw error
      }
    },
    async credentials() {
      try {
        return await chain.credentials()
      } catch (error) {
        const secret = await readSecret(service)
        if (secret === undefined) throw error
        return secret.identity
      }
    },
    maxAttempts: 5,
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: SOCKET_TIMEOUT_MS },
    ...(endpoint === undefined ? {} : { endpoint }),
  }
}

/** CloudVolume's file for a service or for all; undefined without one. @throws storage-credential-invalid */
async function readSecret(service: string) {
  const found = await findSecretFile(service.toLowerCase(), 'aws')
  if (found === undefined) return undefined
  const text = (name: string): string | undefined => {
    const value = found.content[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const [accessKeyId, secretAccessKey] = [text('AWS_ACCESS_KEY_ID'), text('AWS_SECRET_ACCESS_KEY')]
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw invalidCredential(found.file, 'it lacks AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY')
  const sessionToken = text('AWS_SESSION_TOKEN')
  const identity = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  return { identity, region: text('AWS_DEFAULT_REGION') }
}
