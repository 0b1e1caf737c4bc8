/**
 * What few people open, on few days, comes as one file of its own: the page of one destination, and the dialogs that make
 * and change one. One for all of them, since they share their form.
 */
import { defineLazy } from '../../components/lazy.tsx';

const setup = () => import('./destination-parts.ts');

export const CreateDestination = defineLazy(async () => (await setup()).CreateDestination);
export const DestinationScreen = defineLazy(async () => (await setup()).DestinationScreen, 'Destination');
