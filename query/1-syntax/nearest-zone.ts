// Which time zone a misspelt name most likely means: `Berlin`, `Europe/Berln`, `europe/berlin `.
import { nearest } from './nearest.ts';

/** By the whole name, or by its city alone. */
export const nearestZone = (name: string): string | undefined => {
  const zones = Intl.supportedValuesOf('timeZone');
  const wanted = name.trim().replaceAll(' ', '_');
  const cities = new Map(zones.map((zone) => [zone.slice(zone.lastIndexOf('/') + 1), zone]));
  const city = wanted.includes('/') ? undefined : nearest(wanted, cities.keys());
  return (city === undefined ? undefined : cities.get(city)) ?? nearest(wanted, [...zones, 'UTC']);
};
