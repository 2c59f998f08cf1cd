import { type Endpoint, resolveEndpoint } from '../../services/alerts/deliveries/endpoint.ts';
import type { Config } from '../../shared/config/schema.ts';

/** All receivers of a configuration, for tests that expect each to be usable. @throws as {@link resolveEndpoint} */
export const resolveEndpoints = ({ deliveries }: Pick<Config, 'deliveries'>, env?: NodeJS.ProcessEnv): Endpoint[] =>
  deliveries.endpoints.map((endpoint) => resolveEndpoint(endpoint, env));
