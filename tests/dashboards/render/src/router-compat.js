// Scenes asks for the compatibility package of version 5; version 6 has all of it but these.
export * from 'react-router-dom';
export const CompatRouter = ({ children }) => children;
export const CompatRoute = () => null;
