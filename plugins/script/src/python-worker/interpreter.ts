/** The Python to run: as told, `CHUNKFLOW_PYTHON`, else `python3` of the PATH. */
export const chooseInterpreter = (told: string | undefined, environment: NodeJS.ProcessEnv): string =>
  told || environment.CHUNKFLOW_PYTHON || 'python3'
