import { isSwitchedOn } from '@chunkflow/sdk/storage'

export interface GcsSettings {
  /** Without a slash at its end. */
  readonly endpoint: string
  /** Set when no credential is to be sent, with the reason. */
  readonly anonymous: string | undefined
  /** The project that pays for requests, where buckets ask for one. */
  readonly userProject: string | undefined
}

const GOOGLE = 'https://storage.googleapis.com'

/** What the environment says: the variable of Google's own libraries for emulators, and those of GDAL. */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): GcsSettings {
  const { STORAGE_EMULATOR_HOST: emulator, CPL_GS_ENDPOINT: endpoint } = environment
  return {
    endpoint: withScheme(emulator || endpoint || GOOGLE).replace(/\/+$/, ''),
    anonymous: emulator
      ? 'STORAGE_EMULATOR_HOST is set'
      : isSwitchedOn(environment.GS_NO_SIGN_REQUEST)
        ? 'GS_NO_SIGN_REQUEST is set'
        : undefined,
    userProject: environment.GS_USER_PROJECT || undefined,
  }
}

const withScheme = (host: string): string => (/^https?:\/\//i.test(host) ? host : `http://${host}`)
