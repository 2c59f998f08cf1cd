/**
 * Keeps webhooks out of networks nobody meant them for (server-side request forgery). Checked twice: a literal address
 * in the URL, since node never looks those up, and every address a name resolves to at the moment of connecting, so
 * that a name cannot pass the check and then point elsewhere (DNS rebinding).
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { HeadroomError } from '../../../shared/runtime/errors.ts';

/** Special-purpose ranges of the IANA registries (RFC 6890 and successors), multicast and reserved. */
const BLOCKED_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const BLOCKED_V6 = [
  '::/128',
  '::1/128',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
];

/** An address no webhook may go to. The message names neither URL nor address. */
class BlockedAddressError extends HeadroomError {
  constructor() {
    super(
      'WEBHOOK_ADDRESS_BLOCKED',
      'The receiver has a private or reserved address that its allow list does not name.',
    );
  }
}

function listOf(networks: string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

const blocked = listOf([...BLOCKED_V4, ...BLOCKED_V6]);

export type AddressGuard = { isAllowed(address: string): boolean; check(url: URL): void; lookup: LookupFunction };
type Resolver = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * @param allow addresses and networks that may be called though private
 * @param resolve DNS; given by tests that let a name change its mind
 */
export function addressGuard(allow: string[], resolve: Resolver = dnsLookup): AddressGuard {
  const allowed = listOf(allow);
  const isAllowed = (address: string): boolean => {
    const family = isIP(address);
    if (family === 0) return false;
    const kind = family === 6 ? 'ipv6' : 'ipv4';
    return allowed.check(address, kind) || !blocked.check(address, kind);
  };
  return {
    isAllowed,
    /** @throws BlockedAddressError for a literal address that is not allowed */
    check(url) {
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !isAllowed(host)) throw new BlockedAddressError();
    },
    lookup(hostname, options, callback) {
      resolve(hostname, { all: true }, (error, addresses) => {
        if (error) return callback(error, '');
        const first = addresses[0];
        // One bad address among several spoils all: it would be tried next.
        if (!first || addresses.some(({ address }) => !isAllowed(address))) {
          return callback(new BlockedAddressError(), '');
        }
        if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    },
  };
}
