// What of the settings may be meant otherwise than it is read: told, and no reason to refuse a start.
import { nearest } from '../../query/1-syntax/nearest.ts';
import type { Problem } from './problem.ts';
import { SETTING_NAMES, type SettingName, type Settings, variableOf } from './settings.ts';
import { writeDuration } from './units.ts';

const PREFIX = 'INFRAMIRROR_';
/** Of commands, and of those who work on the program itself. */
const OTHERS = /^INFRAMIRROR_(CONFIG|SERVER|(TEST|BENCH)_\w+|LONG)$/;
/** Kubernetes gives every container such ones of a service that is called so. */
const OF_SERVICES = /^INFRAMIRROR_(\w+_)?(SERVICE_(HOST|PORT\w*)|PORT(_\d+_\w+)?)$/;

/** Longest last: what is put together is for the time after what it is made of is gone. */
const LEVELS = ['retention.samples', 'retention.rollups_5m', 'retention.rollups_1h'] as const satisfies readonly SettingName[];

/** Variables that look like ours and set nothing. */
const unknownVariables = (environment: Readonly<Record<string, string | undefined>>): readonly Problem[] => {
  const variables = SETTING_NAMES.map((name) => variableOf(name).slice(PREFIX.length));
  return Object.entries(environment).flatMap(([place, value]) => {
    const name = place.slice(PREFIX.length);
    if (!value || !place.startsWith(PREFIX) || variables.includes(name) || OTHERS.test(place) || OF_SERVICES.test(place)) return [];
    const meant = nearest(name, variables);
    const mend = meant === undefined ? '`inframirror config example` has them all' : `did you mean ${PREFIX}${meant}?`;
    return [{ place, problem: `there is no such setting; ${mend}` }];
  });
};

const shorterLevels = (settings: Settings, places: ReadonlyMap<SettingName, string>): readonly Problem[] =>
  LEVELS.flatMap((name, i) => {
    const finer = LEVELS[i - 1];
    if (finer === undefined || settings[name] >= settings[finer]) return [];
    // Whoever set only one of them finds it at that one.
    const place = [name, finer].map((one) => places.get(one) ?? 'default').find((one) => one !== 'default') ?? 'default';
    const [own, other] = [writeDuration(settings[name]), writeDuration(settings[finer])];
    return [
      { place, problem: `${name} is ${own}, less than ${finer} with ${other}: it serves the time after that, and so nothing; set it to ${other} or more` },
    ];
  });

/** Clocks that are kept by NTP differ by less. */
const LEAST_FUTURE_MS = 5000;

const noFuture = (settings: Settings, places: ReadonlyMap<SettingName, string>): readonly Problem[] => {
  const own = settings['limits.intake.future'];
  if (own >= LEAST_FUTURE_MS) return [];
  const problem = `limits.intake.future is ${writeDuration(own)}: rows of every host whose clock is ahead by more are dropped, as clocks always differ a little; set it to ${writeDuration(LEAST_FUTURE_MS)} or more`;
  return [{ place: places.get('limits.intake.future') ?? 'default', problem }];
};

export const warningsOf = (
  settings: Settings,
  places: ReadonlyMap<SettingName, string>,
  environment: Readonly<Record<string, string | undefined>>,
): readonly Problem[] => [...unknownVariables(environment), ...shorterLevels(settings, places), ...noFuture(settings, places)];
