/** Wraps an error that happened after the plan was accepted: exit code 1 instead of 2. */
export class RunFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('the run failed')
  }
}
