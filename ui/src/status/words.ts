// What Status calls what the server names shortly: why rows were dropped at the door, and the stores.

const REASONS: Readonly<Record<string, string>> = {
  late: 'older than the door takes',
  future: 'ahead of the server’s clock',
  'out-of-range': 'of a time that cannot be kept',
  'series-limit': 'beyond the series that a sender may have in a day',
  'host-limit': 'of hosts beyond those that a sender, or all of them, may name in a day',
  'label-name': 'a label begins with #, which the platform keeps for itself',
  'label-limit': 'a label beyond those that a sender, or all of them, may name of a metric',
  'label-size': 'a label with a name or value that is too long',
  'metric-limit': 'of metrics beyond those that a sender, or all of them, may name',
  'host-name': 'a host’s name that cannot be seen as it is',
  'event-kind': 'an event of a kind that only the platform tells',
  'no-host': 'an event without a host, of a sender that speaks for some only',
  undefined: 'samples of a series that nobody ever defined',
  malformed: 'a histogram or summary that does not hold together',
};

const STORES: Readonly<Record<string, string>> = { columns: 'column store', records: 'record store' };

/** Empty for one that says itself what it is. */
export const reasonWords = (reason: string): string => (Object.hasOwn(REASONS, reason) ? (REASONS[reason] as string) : '');

/** As the parts above are called. */
export const storeWords = (name: string): string => (Object.hasOwn(STORES, name) ? (STORES[name] as string) : name);
