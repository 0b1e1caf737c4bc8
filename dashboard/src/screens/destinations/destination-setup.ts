/** What is opened to make or change a destination comes as one file of its own: most days nobody does. */
import { defineLazy } from '../../components/lazy.tsx';

const setup = () => import('./destination-dialogs.ts');

export const CreateDestination = defineLazy(async () => (await setup()).CreateDestination);
export const EditDestination = defineLazy(async () => (await setup()).EditDestination);
