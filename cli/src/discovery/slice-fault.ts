import { API_VERSION } from '@chunkflow/kernel/authoring'

/**
 * Why a value is no usable slice, undefined when it is one. Checks no more than what the host dereferences when it starts: the
 * whole schema is checked when a plugin is built and when it is installed, and its validator takes longer to load than a
 * chain to start.
 */
export function sliceFault(value: unknown, name: string): string | undefined {
  if (!isRecord(value)) return 'its list of contributions is not a JSON object'
  if (value.package !== name) return `its list of contributions is that of ${String(value.package)}`
  if (typeof value.version !== 'string' || typeof value.apiVersion !== 'number')
    return 'its list of contributions has no version and apiVersion'
  const fault = contributionFault(value)
  return fault !== undefined && value.apiVersion > API_VERSION
    ? `it was built for plugin API ${value.apiVersion}, which this host does not understand`
    : fault
}

function contributionFault({
  operators,
  services,
  hooks,
  permissions,
}: Record<string, unknown>): string | undefined {
  if (!isList(operators, (entry) => isText(entry.name) && isTexts(entry.aliases) && areFlags(entry.flags)))
    return 'its list of contributions has damaged operators'
  if (!isList(services, (entry) => isText(entry.token)))
    return 'its list of contributions has damaged services'
  if (!isList(hooks, (entry) => isText(entry.name))) return 'its list of contributions has damaged hooks'
  return isTexts(permissions) ? undefined : 'its list of contributions has damaged permissions'
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown): boolean => typeof value === 'string'

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

const isList = (value: unknown, fits: (entry: Record<string, unknown>) => boolean): boolean =>
  Array.isArray(value) && value.every((entry) => isRecord(entry) && fits(entry))

const areFlags = (value: unknown): boolean =>
  isRecord(value) && Object.values(value).every((flag) => isRecord(flag) && isText(flag.type))
