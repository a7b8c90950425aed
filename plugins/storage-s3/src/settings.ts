import { isSwitchedOn } from '@chunkflow/sdk/storage'
import { loadConfig } from '@smithy/core/config'

export interface S3Settings {
  readonly region: string
  /** Undefined for Amazon's own. */
  readonly endpoint: string | undefined
  /** `https://host/bucket/key` rather than `https://bucket.host/key`. */
  readonly pathStyle: boolean
  readonly requesterPays: boolean
}

/** Amazon's default, which other servers accept as well. */
const DEFAULT_REGION = 'us-east-1'

/**
 * What the environment and the profile (`AWS_PROFILE`) say, as other tools for S3 read them. Path style is the rule for
 * other servers than Amazon's; `AWS_VIRTUAL_HOSTING` decides otherwise.
 * @param secretRegion named by the credential file that is used
 */
export async function readSettings(
  urlEndpoint: string | undefined,
  secretRegion: string | undefined,
): Promise<S3Settings> {
  const environment = process.env
  const endpoint = urlEndpoint ?? (await configuredEndpoint())
  const virtualHosting = environment.AWS_VIRTUAL_HOSTING
  return {
    endpoint,
    region: (await configuredRegion()) ?? secretRegion ?? DEFAULT_REGION,
    pathStyle: virtualHosting === undefined ? endpoint !== undefined : !isSwitchedOn(virtualHosting),
    requesterPays: environment.AWS_REQUEST_PAYER?.toLowerCase() === 'requester',
  }
}

const configuredRegion = (): Promise<string | undefined> =>
  loadConfig<string | undefined>({
    environmentVariableSelector: (environment) => environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION,
    configFileSelector: ({ region }) => region,
    default: async () => undefined,
  })()

/** `endpoint_url` of the profile, or of the `s3` part of the services it names. */
const configuredEndpoint = (): Promise<string | undefined> =>
  loadConfig<string | undefined>({
    environmentVariableSelector: (environment) =>
      environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL || undefined,
    configFileSelector: (profile, file) =>
      (profile.services === undefined
        ? undefined
        : file?.[`services.${profile.services}`]?.['s3.endpoint_url']) ?? profile.endpoint_url,
    default: async () => undefined,
  })()

/** True for addresses whose owner is Amazon: the machine's own role is not shown to others. */
export const isAmazon = (endpoint: string | undefined): boolean =>
  endpoint === undefined || /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname)
