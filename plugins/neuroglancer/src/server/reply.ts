/** What is asked of the server, below its token. */
export interface ViewerRequest {
  readonly method: 'GET' | 'POST'
  /** Without a leading slash; a folder ends in one. */
  readonly path: string
  readonly query: URLSearchParams
  /** Aborted when the browser no longer wants the answer. */
  readonly signal: AbortSignal
}

export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: Uint8Array | string
  /** How the body is compressed; the browser undoes it. */
  readonly contentEncoding?: string
  /** Kept by the browser as long as it asks whether it changed; data are never kept. */
  readonly isStatic?: boolean
}

/** Answers what it knows; undefined for everything else. */
export type Route = (request: ViewerRequest) => Promise<Reply | undefined> | Reply | undefined

export const json = (value: unknown): Reply => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify(value),
})

export const bytes = (body: Uint8Array): Reply => ({ status: 200, type: 'application/octet-stream', body })

export const refusal = (status: number, reason: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${reason}\n`,
})
