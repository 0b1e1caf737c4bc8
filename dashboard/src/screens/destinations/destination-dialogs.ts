/** One chunk for both, since they share their form. */
export { CreateDestination } from './create-destination.tsx';
export { EditDestination } from './edit-destination.tsx';
