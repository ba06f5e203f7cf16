// deploy/helm: what Helm made of the chart is of the chart as it is now, its commands and settings are right, and its parts name each other.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { NEEDED_ROLES } from '../app/config/roles.ts';
import { IDENTITY } from '../app/data-folder.ts';
import { VERSION } from '../app/version.ts';
import { chartDigest } from './helm/render.ts';
import { expectCommand, optionIn, settingsOf, textOf } from './testing/read.ts';

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

interface Container {
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
  readonly readinessProbe: { readonly httpGet: object };
  readonly livenessProbe: { readonly httpGet: object };
  readonly securityContext: object;
}

interface Pod {
  readonly containers: readonly [Container];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string };
    readonly secret?: { readonly items?: readonly { readonly path: string }[] };
  }[];
}

interface Part<Spec> {
  readonly kind: string;
  readonly metadata: Labelled & { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: Spec;
}

type Selector = Readonly<Record<string, string>>;
interface Selects {
  readonly selector: { readonly matchLabels: Selector };
}
interface Deployment extends Selects {
  readonly template: { readonly metadata: Labelled; readonly spec: Pod };
}
interface Path {
  readonly path: string;
  readonly backend: { readonly service: { readonly name: string } };
}

const parts = parseAllDocuments(textOf('deploy/helm/rendered.yaml')).flatMap((document): readonly Part<unknown>[] => {
  expect(document.errors).toEqual([]);
  return [document.toJS() as Part<unknown> | null].filter((one) => one !== null);
});
const ofKind = <Spec>(kind: string): readonly Part<Spec>[] => parts.filter((one): one is Part<Spec> => one.kind === kind);
const deployments = ofKind<Deployment>('Deployment').map(({ metadata, spec }) => [metadata.name, spec] as const);
const has = ({ labels }: Labelled, selector: Selector): boolean => Object.entries(selector).every(([name, value]) => labels[name] === value);
const podsOf = (selector: Selector): number => deployments.filter(([, { template }]) => has(template.metadata, selector)).length;

const folder = mkdtempSync(join(tmpdir(), 'inframirror-chart-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('it was rendered as it is now: else `npm run chart`, which needs Helm', () => {
  expect(textOf('deploy/helm/rendered.yaml').split('\n', 1)[0]).toContain(chartDigest());
  expect(parse(textOf('deploy/helm/inframirror/Chart.yaml'))).toMatchObject({ version: VERSION, appVersion: VERSION });
});

test('all needed roles run', () => {
  const roles = deployments.flatMap(([, { template }]) => optionIn(template.spec.containers[0].args, '--roles').split(','));
  expect(roles.sort()).toEqual([...NEEDED_ROLES].sort());
});

describe.each(deployments)('%s', (_, { template, selector }) => {
  const { args, volumeMounts, readinessProbe, livenessProbe, securityContext } = template.spec.containers[0];
  const volumes = new Map(template.spec.volumes.map((volume) => [volume.name, volume]));

  test('its command is one, and its settings are right', async () => {
    await expectCommand(args);
    const config = optionIn(args, '--config');
    const mount = volumeMounts.find(({ mountPath }) => mountPath === config);
    const map = ofKind('ConfigMap').find(({ metadata }) => metadata.name === volumes.get(mount?.name ?? '')?.configMap?.name);
    const file = join(folder, 'inframirror.yaml');
    writeFileSync(file, map?.data?.[mount?.subPath ?? ''] ?? '');
    const settings = settingsOf(file, optionIn(args, '--roles'));
    const paths = volumeMounts.map(({ mountPath }) => mountPath);
    expect(paths).toEqual(expect.arrayContaining([settings.data, settings.identity, '/tmp']));
    for (const [name, value] of Object.entries(settings))
      if (name.endsWith('_file') && value !== '')
        expect(
          paths.some((path) => String(value).startsWith(`${path}/`)),
          name,
        ).toBe(true);
    expect(settings.listen).toBe('0.0.0.0:8080');
    expect([readinessProbe.httpGet, livenessProbe.httpGet]).toEqual([
      { path: '/-/ready', port: 'http' },
      { path: '/-/healthy', port: 'http' },
    ]);
  });

  test('the identity is laid out as the program looks for it', () => {
    const paths = volumes.get('identity')?.secret?.items?.map(({ path }) => path) ?? [];
    expect([...new Set(paths.map((path) => path.split('/')[0]))].sort()).toEqual([...IDENTITY].sort());
    expect(paths).toEqual(expect.arrayContaining(['command-keys/current.pem', 'command-keys/next.pem']));
  });

  test('it has no rights, and every volume that it mounts is there', () => {
    expect(template.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    for (const { name } of volumeMounts) expect([...volumes.keys()]).toContain(name);
    // Its own pods, and none of another.
    expect([has(template.metadata, selector.matchLabels), podsOf(selector.matchLabels)]).toEqual([true, 1]);
  });
});

test('services, budgets and the policy mean pods that there are', () => {
  expect(ofKind<{ readonly selector: Selector }>('Service').map(({ metadata, spec }) => [metadata.name, podsOf(spec.selector)])).toEqual([
    ['inframirror-api', 1],
    ['inframirror-ingest', 1],
  ]);
  expect(ofKind<Selects>('PodDisruptionBudget').map(({ spec }) => podsOf(spec.selector.matchLabels))).toEqual([1, 1, 1]);
  expect(ofKind<{ readonly podSelector: Selects['selector'] }>('NetworkPolicy').map(({ spec }) => podsOf(spec.podSelector.matchLabels))).toEqual([3]);
});

test('agents are led to the door, people to the explorer', () => {
  const [ingress] = ofKind<{ readonly rules: readonly [{ readonly http: { readonly paths: readonly Path[] } }] }>('Ingress');
  expect(ingress?.spec.rules[0].http.paths.map(({ path, backend }) => [path, backend.service.name])).toEqual([
    ['/ingest', 'inframirror-ingest'],
    ['/agent', 'inframirror-ingest'],
    ['/', 'inframirror-api'],
  ]);
});
