export { CreateDestination } from './create-destination.tsx';
export { DestinationScreen } from './destination-screen.tsx';
