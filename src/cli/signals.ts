// Signals as the command receives them: the launcher catches them before anything is loaded and hands them over here.

export type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGUSR1' | 'SIGWINCH';

/** Takes the one handler for all signals; those that came earlier are delivered at once. */
export type OnSignal = (handler: (signal: SignalName) => void) => void;

/** For what has a terminal: SIGWINCH, which tells of the window's size, is none of its business. */
export function withoutResizing(onSignal: OnSignal): OnSignal {
  return (handler) =>
    onSignal((signal) => {
      if (signal !== 'SIGWINCH') handler(signal);
    });
}
