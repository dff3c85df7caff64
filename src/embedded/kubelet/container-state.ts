/** One container of a pod, as its worker sees it. */
export interface ContainerState {
  readonly name: string;
  /**
   * waiting: not started yet; running; crashed: it ended and is started again; succeeded, failed: it ended and stays so.
   */
  readonly phase: 'waiting' | 'running' | 'crashed' | 'succeeded' | 'failed';
  readonly isReady: boolean;
  readonly restarts: number;
  /** Why it is not ready, in words; empty when it is. */
  readonly reason: string;
  /** Milliseconds since the epoch; 0 where it never ran. */
  readonly startedAtMs: number;
}
