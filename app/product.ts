// The whole product, server and pipeline each in a process, in the order in which its parts start and, backwards, end. Ready means: it answers, and the
// first own sample of this start can be queried.

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { graphqlServer } from '../graphql/server.ts';
import type { Problem } from '../graphql/service.ts';
import { AgentRegistry } from '../ingest/agents/agent-registry.ts';
import { writeAudit } from '../ingest/agents/audit.ts';
import { RefusedAgents } from '../ingest/agents/refused-agents.ts';
import { AgentRequests } from '../ingest/agents/requests.ts';
import { Sessions } from '../ingest/agents/sessions.ts';
import { openDoor } from '../ingest/door.ts';
import { FleetClock } from '../ingest/fleet-clock.ts';
import { Heard } from '../ingest/heard.ts';
import { KeptSeriesHosts } from '../ingest/kept-series-hosts.ts';
import { SeriesHosts } from '../ingest/series-hosts.ts';
import { SeriesTables } from '../ingest/series-tables.ts';
import { LearnedCatalogue } from '../query/ask/learned-catalogue.ts';
import { QueryService } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { AddressFile } from './address-file.ts';
import { type AgentProcess, prepareAgent, startAgentProcess } from './agent-process.ts';
import { AgentAdministration } from './agents.ts';
import { readAudit } from './audit.ts';
import { Backups } from './backup/backups.ts';
import { readNotes } from './backup/notes.ts';
import { openCommandKeys } from './command-keys.ts';
import { liveIntakeLimits } from './config/live.ts';
import type { Role } from './config/roles.ts';
import type { Settings } from './config/settings.ts';
import { adoptIdentity, holdDataFolder, openDataFolder } from './data-folder.ts';
import { DeadLetters } from './dead-letters.ts';
import { readDisk, storeFolder } from './disk.ts';
import { type Engines, openStream, placesOf, searchPlaceOf, startEngines } from './engines.ts';
import { firstSample } from './first-sample.ts';
import { Fleet } from './fleet-part.ts';
import { startError } from './full-disk.ts';
import { readHosts } from './hosts.ts';
import { Access } from './http/access.ts';
import { closeServer, openAddress } from './http/address.ts';
import { Senders } from './http/senders.ts';
import { httpServer } from './http/server.ts';
import { Counting } from './installation/counting.ts';
import { Installation } from './installation/installation.ts';
import { OwnMeasures } from './metrics/own-measures.ts';
import { ownAgent } from './own-agent.ts';
import { PIPELINE_FOLDER } from './pipeline/folder.ts';
import { compiledIn, PipelineProcess } from './pipeline/pipeline-process.ts';
import { Readiness } from './readiness.ts';
import { forgetRefusedStart, noteRefusedStart } from './refused-start.ts';
import { Removed } from './removed.ts';
import { isFull, keepReserve, lacksReserve, type Used, useReserve } from './reserve.ts';
import { missingRoom } from './room.ts';
import { SavedQueryStore, SavedTexts } from './saved-queries.ts';
import { serversOf } from './servers.ts';
import { FULL, MANY_SERIES, NO_RESERVE, roomProblems, wrongSettings } from './start-problems.ts';
import { StatusReader } from './status.ts';
import { StoreSpaces } from './store-spaces.ts';
import { storedSeriesHosts } from './stored-series-hosts.ts';
import { streamAdmin } from './stream-admin.ts';
import { StreamRoom } from './stream-room.ts';

export interface ProductOptions {
  readonly dataDir: string;
  readonly roles: ReadonlySet<Role>;
  /** Where the files are that several processes share. */
  readonly identity: string | undefined;
  readonly listen: { readonly host: string; readonly port: number };
  /** undefined: without this host's agent. */
  readonly agent:
    | { readonly labels: readonly string[]; readonly logs: readonly string[]; readonly maskSecrets: boolean; readonly masks: readonly string[] }
    | undefined;
  /** In force now; those that a start alone heeds are read once. */
  readonly settings: () => Settings;
  /** Why what was read last of them was not taken, in words. */
  readonly settingsRefused: () => string | undefined;
  /** That these come from, where they do. */
  readonly configFile: string | undefined;
  readonly log: Logger;
  /** Resolves when the start is to be given up. */
  readonly stopping: Promise<unknown>;
}

export interface Product {
  /** `http://HOST:PORT/` */
  readonly url: string;
  readonly token: string;
  /** Puts into the audit what a reload of the settings has changed: by name, from what to what. Never rejects. */
  settingsChanged(changes: Readonly<Record<string, { readonly from: string; readonly to: string }>>): Promise<void>;
  stop(): Promise<void>;
}

const RESERVE_TEXTS: Readonly<Record<Exclude<Used, 'not needed'>, string>> = {
  none: 'the disk has hardly room for a start, and none was kept for it',
  'given up': 'the disk has hardly room for a start: what was kept for it was given up',
  useless: 'the disk has no room for a start, and what was kept for it is of no use, as the file system keeps its last blocks for root',
};
const LEARN_MS = 5000;
/** So long after its end what a process had sent to the column store may come to stand: an insert takes a minute at most. */
const UNTOLD_MS = 75_000;
const RESERVE_MS = 60_000;
/** In the order in which their sizes are told. */
const SHOWN_STORES = ['columns', 'records', 'stream'] as const;
interface Started {
  readonly part: string;
  readonly end: () => unknown;
}

/** undefined when it was told to stop before it was ready. Rejects with `start.part`, `start.address`, `data.folder` … */
export const startProduct = async (options: ProductOptions): Promise<Product | undefined> => {
  const { log } = options;
  const undo: Started[] = [];
  const stop = async (): Promise<void> => {
    for (const { part, end } of undo.splice(0).reverse()) {
      const begun = performance.now();
      try {
        await end();
      } catch (error) {
        log.error('a part did not end cleanly', { part, error });
      }
      log.debug('ended', { part, ms: Math.round(performance.now() - begun) });
    }
  };
  try {
    return await start(options, undo, stop);
  } catch (error) {
    await stop();
    const told = startError(error, options.dataDir, options.settings()['disk.min_free']);
    noteRefusedStart(options.dataDir, told);
    throw told;
  }
};

const start = async (
  { dataDir, roles, identity, listen, agent, settings, settingsRefused, configFile, log, stopping }: ProductOptions,
  undo: Started[],
  stop: () => Promise<void>,
): Promise<Product | undefined> => {
  const lock = await holdDataFolder(dataDir);
  undo.push({ part: 'lock', end: () => lock.release() });
  if (identity !== undefined) adoptIdentity(dataDir, identity);
  const folder = openDataFolder(dataDir);
  const keys = openCommandKeys(dataDir);
  const telemetry = new TelemetryRegistry();
  const begun = Date.now();
  const isFullNow = isFull(dataDir) || isFull(storeFolder(dataDir, 'stream'));
  if (isFullNow) log.error(FULL.message, { folder: dataDir });
  const used = await useReserve(dataDir);
  if (used !== 'not needed') log.error(RESERVE_TEXTS[used], { folder: dataDir });
  const servers = serversOf(settings());
  const installation = new Installation(dataDir, folder.instance, log, placesOf(servers));
  installation.mustBeThere();
  const stores = { dataDir, servers, log, telemetry };
  const opened = await openStream({ ...stores, maxBytes: settings()['limits.stream'] }, installation);
  const { stream } = opened;
  undo.push({ part: 'stream', end: () => stream.close() });
  // Before the stores, so that a taken address is told at once and probes are answered from the first moment.
  const http = httpServer({ log, telemetry, mostConnections: () => settings()['limits.connections'] });
  const url = await openAddress(http.server, listen);
  undo.push({ part: 'address', end: () => closeServer(http.server) });
  const compiled = join(dataDir, 'compiled');
  const prepared = agent === undefined ? undefined : prepareAgent(compiled);
  const told: { engines?: Engines; catalogue?: LearnedCatalogue } = {};
  // It loads while the stores start.
  const pipeline = new PipelineProcess({
    telemetry,
    log,
    settings,
    cache: compiledIn(join(dataDir, PIPELINE_FOLDER)),
    begins: () => told.engines?.told.begins() ?? 0,
    removing: (write, rows) => told.engines?.told.removing(write, rows),
    ended: () => told.catalogue?.doubt(UNTOLD_MS),
  });
  undo.push({ part: 'pipeline', end: () => pipeline.stop() });
  const engines = await startEngines(stores, installation);
  undo.push({ part: 'stores', end: () => engines.stop() });
  told.engines = engines;
  // Before the stores end.
  undo.push({ part: 'pipeline', end: () => pipeline.stop() });
  await pipeline.start({ works: roles.has('worker'), dataDir, stream: opened.address, ...engines.addresses, isStreamAnew: installation.isAnew('stream') });
  const losses = await installation.settle({ ...engines, stream: opened });
  const counting = new Counting(installation, { ...engines, stream: opened }, log);
  undo.push({ part: 'counting', end: () => counting.stop() });
  const minFree = (): Settings['disk.min_free'] => settings()['disk.min_free'];
  const roomMissing = (): number => (engines.addresses.folders.includes('columns') ? missingRoom(join(dataDir, 'columns'), minFree()) : 0);
  const roomToMake = (): number => (settings()['disk.drop_oldest'] ? roomMissing() : 0);
  // When the stores are told on together: what it removes is gone.
  if (roles.has('keeper')) pipeline.keep();
  const { instance } = folder;
  const backups = new Backups({
    ...engines,
    dataDir,
    instance,
    configFile,
    stream: opened,
    elsewhere: [...Object.values(placesOf(servers)), searchPlaceOf(servers)].filter((place) => place !== undefined),
    pipeline,
    counting,
    minFree,
    log,
  });
  undo.push({ part: 'backup', end: () => backups.stop() });
  const removed = new Removed(engines.records, log);
  await removed.start();
  undo.push({ part: 'what was removed', end: () => removed.stop() });
  /** Whether all that is written into the column store is written by this process's own pipeline. */
  const isTold = servers.columns === undefined;
  const tellSeries = isTold ? engines.told.series : undefined;
  const catalogue = new LearnedCatalogue(DATASETS, engines.columns, engines.search, () => settings()['retention.logs'], tellSeries);
  told.catalogue = catalogue;
  // Of many series reading all takes seconds; a question before that reads those it speaks of.
  const learn = (): void => void catalogue.refresh().catch((error: unknown) => log.warn('the catalogue cannot be learned', { error }));
  if (roles.has('api')) {
    learn();
    const learning = setInterval(learn, LEARN_MS);
    undo.push({ part: 'catalogue', end: () => clearInterval(learning) });
  }
  const savedTexts = new SavedTexts(engines.records);
  const queries = new QueryService({
    ports: engines,
    ...(isTold ? { tellMarks: engines.told.marks } : {}),
    // What is kept of buckets needs to hear of lines too.
    ...(isTold && servers.search === undefined ? { tellWrites: engines.told.writes } : {}),
    telemetry,
    catalogue,
    saved: () => savedTexts.texts(),
    completeUpTo: (table) => pipeline.completeUpTo(table),
    removedBefore: (table) => removed.before(table),
    log,
    maxBytes: settings()['limits.query.memory'],
    get maxSeconds() {
      return settings()['limits.query.time'] / 1000;
    },
  });
  const heard = new Heard(engines.records, log);
  await heard.start();
  undo.push({ part: 'heard hosts', end: () => heard.stop() });
  const registry = new AgentRegistry(engines.records, keys, log);
  await registry.start();
  undo.push({ part: 'agents', end: () => registry.stop() });
  const clocks = new FleetClock(Date.now);
  const sessions = new Sessions(registry, keys, clocks);
  const refused = new RefusedAgents();
  const limits = liveIntakeLimits(settings);
  const forgotten = (count: number): void =>
    log.warn('whose so many series are is forgotten, as there are more than fit; the store is asked when they come', { series: count });
  const series = new SeriesTables(limits, Date.now, { hosts: new SeriesHosts(forgotten) });
  const seriesHosts = new KeptSeriesHosts({ records: engines.records, series, log });
  await seriesHosts.start();
  undo.push({ part: 'hosts of series', end: () => seriesHosts.stop() });
  /** Whether no other process has this one's roles. */
  const isAlone = servers.stream === undefined;
  const door = openDoor({
    stream,
    telemetry,
    log,
    limits,
    series,
    clocks,
    heard: (frame, at) => {
      heard.note(frame, at);
      refused.taken(frame.sender);
    },
    overQuota: (over) => registry.noteOverQuota(over),
    refused: (agent, error) => refused.note(agent, error),
    known: (sender) => pipeline.lastOf(sender),
    isKnownWhole: (topic) => isAlone && pipeline.isCaughtUp(topic),
    hostsOf: storedSeriesHosts(engines.columns),
  });
  const letters = new DeadLetters({ stream, records: engines.records, door, registry });
  const problems: Problem[] = [...losses, ...engines.problems];
  const room = new StreamRoom(stream, telemetry, log, settings()['limits.stream']);
  room.start();
  undo.push({ part: 'stream room', end: () => room.stop() });
  const spaces = new StoreSpaces(new Map(SHOWN_STORES.filter((name) => engines.addresses.folders.includes(name)).map((name) => [name, join(dataDir, name)])));
  const found = (): readonly Problem[] => [
    ...(isFull(dataDir) || isFull(storeFolder(dataDir, 'stream')) ? [FULL] : lacksReserve(dataDir) ? [NO_RESERVE] : []),
    ...wrongSettings(settingsRefused()),
    ...(servers.stream === undefined ? roomProblems(room.maxBytes, settings()['limits.stream'], readDisk(storeFolder(dataDir, 'stream')).size) : []),
    ...(catalogue.series.isFull ? [MANY_SERIES] : []),
    ...problems,
  ];
  const measures = new OwnMeasures({
    telemetry,
    problems: () => found().length,
    keeps: () => pipeline.keeps,
    spaces,
    keepers: engines.keepers,
    pipeline,
    notes: () => readNotes(dataDir),
    letters,
    begun,
    areSettingsTaken: () => settingsRefused() === undefined,
  });
  measures.start();
  undo.push({ part: 'measures', end: () => measures.stop() });
  const running: { agent: AgentProcess | undefined; ready: boolean } = { agent: undefined, ready: false };
  const status = new StatusReader({
    folder,
    begun,
    engines,
    pipeline,
    keeper: pipeline,
    settings,
    agent: () => running.agent,
    backups,
    letters,
    door,
    connections: http.connections,
    fleet: new Fleet({ records: engines.records, telemetry, registry, door, refused }),
    room,
    spaces,
    telemetry,
    isStuck: () => pipeline.isStuck,
    lacksRoom: () => roomToMake() > 0,
    problems: found,
  });
  const readiness = new Readiness(
    [
      ['stream', () => stream.state()],
      ['column store', () => engines.columns.ping()],
      ['record store', () => engines.records.ping()],
    ],
    () => running.ready,
  );
  const graphql = graphqlServer(
    {
      queries,
      hosts: readHosts,
      saved: new SavedQueryStore(engines.records, undefined, () => savedTexts.changed()),
      platform: {
        agents: new AgentAdministration({ registry, records: engines.records, sessions, door, limits }),
        stream: streamAdmin(stream, pipeline, engines.records),
        backups,
        letters,
        audit: (filter) => readAudit(engines.records, filter),
        status: () => status.read(),
      },
    },
    log,
  );
  const access = new Access(folder, engines.records);
  const senders = new Senders(access, registry, sessions);
  http.open({
    roles,
    access,
    senders,
    agents: new AgentRequests({ registry, sessions, keys, log, refused: (id, error) => refused.note(id, error) }),
    door,
    graphql,
    telemetry,
    measured: () => status.measure(),
    notReady: () => readiness.read(),
  });
  // Senders of what the pipeline can no longer take come first to an end.
  undo.push({ part: 'address', end: () => closeServer(http.server) });
  const address = new AddressFile(dataDir, url, log);
  address.keep();
  undo.push({ part: 'address file', end: () => address.remove() });
  // The agent reads Linux's /proc; elsewhere the server runs without it, and its status says so.
  if (agent !== undefined && process.platform === 'linux') {
    const local = url.slice(0, -1).replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
    const own = await ownAgent(join(dataDir, 'agent'), folder.agentTokenFile, registry);
    if (own.problem !== undefined) {
      const problem = {
        part: 'agent of this host',
        message: own.problem,
        mend: 'Everything else works, and agents of other hosts are taken. Without it: `--no-agent`.',
      };
      problems.push(problem);
      log.error(problem.message, { part: problem.part });
    }
    const args = ['--server', local, ...own.args, '--data', join(dataDir, 'agent'), '--with-parent'];
    for (const label of agent.labels) args.push('--label', label);
    for (const glob of agent.logs) args.push('--logs', glob);
    if (!agent.maskSecrets) args.push('--no-masks');
    for (const mask of agent.masks) args.push('--mask', mask);
    await prepared;
    const child = startAgentProcess(args, compiled, log);
    running.agent = child;
    undo.push({ part: 'agent', end: () => child.stop() });
    // On a full disk nothing is taken in: then ready is who can be asked.
    if (!isFullNow && own.problem === undefined && !(await firstSample(engines, child, begun, stopping, log))) {
      await stop();
      return undefined;
    }
    await Promise.race([catalogue.refresh(), delay(LEARN_MS, undefined, { ref: false })]);
  }
  running.ready = true;
  forgetRefusedStart(dataDir);
  const reserving = setInterval(() => {
    address.keep();
    reserve(dataDir, log);
  }, RESERVE_MS);
  undo.push({ part: 'reserve', end: () => clearInterval(reserving) });
  reserve(dataDir, log);
  log.info('ready', { url, ms: Date.now() - begun });
  const settingsChanged: Product['settingsChanged'] = async (changes) => {
    const row = { time: BigInt(Date.now()) * 1_000_000n, who: 'server', what: 'settings.reload', detail: changes };
    await writeAudit(engines.records, row).catch((error: unknown) => log.warn('a change of settings is not in the audit', { error }));
  };
  return { url, token: folder.token, settingsChanged, stop };
};

/** Made again where it was given up and there is room. */
const reserve = (dataDir: string, log: Logger): void => {
  try {
    keepReserve(dataDir);
  } catch (error) {
    log.warn('no room is kept for a start on a full disk', { error });
  }
};
