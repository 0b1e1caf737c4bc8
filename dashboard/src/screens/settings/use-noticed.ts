import { onOperational } from '../../data/stream.ts';
import { usePaced } from '../calls/gate.ts';

/** A destination that fails gives up a hundred deliveries at once: they are read together. */
const RELOAD_MS = 1_000;

export function useNoticed(reload: () => void): void {
  usePaced(RELOAD_MS, reload, (ask) => [onOperational(ask)], []);
}
