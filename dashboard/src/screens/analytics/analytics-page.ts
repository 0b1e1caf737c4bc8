/** Analytics comes as a file of its own, with the charts that only it has: who watches calls or mends them waits for none. */
import { defineLazy } from '../../components/lazy.tsx';

export const AnalyticsScreen = defineLazy(
  async () => (await import('./analytics-screen.tsx')).AnalyticsScreen,
);
