/**
 * Must be imported before any contract: zod otherwise tries out `new Function`, which the gateway's content security
 * policy forbids and the browser reports as an error.
 */
import { config } from 'zod';

config({ jitless: true });
