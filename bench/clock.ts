/** Milliseconds on the clock that all processes of a machine share, whenever they were started; its zero means nothing. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;
